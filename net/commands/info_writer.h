// The text of INFO: sections of "name:value" lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace synchrodb::net {

class InfoWriter {
 public:
  void section(std::string_view title);
  void put(std::string_view name, std::string_view value);
  void put(std::string_view name, const char* value) { put(name, std::string_view(value)); }
  void put(std::string_view name, std::uint64_t value) { put(name, std::to_string(value)); }
  void put(std::string_view name, std::int64_t value) { put(name, std::to_string(value)); }
  void put(std::string_view name, int value) { put(name, std::to_string(value)); }
  void put(std::string_view name, bool value) { put(name, value ? "1" : "0"); }
  void put_fixed(std::string_view name, double value, int decimals);
  // "name" and "name_human".
  void put_bytes(std::string_view name, std::size_t bytes);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string fixed(double value, int decimals);
// "912.52K", as Redis writes it.
std::string human_bytes(std::size_t bytes);

}  // namespace synchrodb::net
