#include "net/commands/info_writer.h"

#include <cstdio>

namespace synchrodb::net {

void InfoWriter::section(std::string_view title) {
  if (!text_.empty()) text_.append("\r\n");
  text_.append("# ").append(title).append("\r\n");
}

void InfoWriter::put(std::string_view name, std::string_view value) {
  text_.append(name).append(":").append(value).append("\r\n");
}

void InfoWriter::put_fixed(std::string_view name, double value, int decimals) {
  put(name, fixed(value, decimals));
}

void InfoWriter::put_bytes(std::string_view name, std::size_t bytes) {
  put(name, bytes);
  put(std::string(name) + "_human", human_bytes(bytes));
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string human_bytes(std::size_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + "B";
  double value = static_cast<double>(bytes) / 1024;
  for (const char unit : {'K', 'M', 'G', 'T'}) {
    if (value < 1024 || unit == 'T') return fixed(value, 2) + unit;
    value /= 1024;
  }
  return {};
}

}  // namespace synchrodb::net
