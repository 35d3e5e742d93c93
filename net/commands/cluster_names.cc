#include "net/commands/cluster_names.h"

#include <fmt/format.h>

#include "net/disk/hex.h"

namespace synchrodb::net {
namespace {

std::string hex_of(std::string_view bytes, std::size_t count) {
  std::string padded(bytes.substr(0, count));
  padded.resize(count);
  return to_hex(padded);
}

}  // namespace

std::string node_name(std::string_view cluster, NodeId node) {
  return hex_of(cluster, 12) + fmt::format("{:016x}", node.value);
}

std::string cluster_name(std::string_view cluster) {
  return hex_of(cluster, 20);
}

}  // namespace synchrodb::net
