#include "net/commands/cluster_names.h"

#include <cstdint>

namespace synchrodb::net {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_hex(std::uint8_t byte, std::string& out) {
  out.push_back(kDigits[byte >> 4]);
  out.push_back(kDigits[byte & 15]);
}

std::string hex_of(std::string_view bytes, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    append_hex(i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : std::uint8_t{0}, out);
  }
  return out;
}

}  // namespace

std::string node_name(std::string_view cluster, NodeId node) {
  std::string name = hex_of(cluster, 12);
  for (int shift = 56; shift >= 0; shift -= 8) {
    append_hex(static_cast<std::uint8_t>(node.value >> shift), name);
  }
  return name;
}

std::string cluster_name(std::string_view cluster) {
  return hex_of(cluster, 20);
}

}  // namespace synchrodb::net
