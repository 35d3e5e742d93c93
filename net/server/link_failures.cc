#include "net/server/link_failures.h"

namespace synchrodb::net {
namespace {

constexpr Duration kAgain = seconds(60);

}  // namespace

LogLevel LinkFailures::level(NodeId node, const std::string& why, Instant now) {
  const auto [it, first] = told_.try_emplace(node, Told{why, now});
  Told& told = it->second;
  if (!first && told.why == why && now < told.at + kAgain) return LogLevel::kDebug;
  told = {why, now};
  return LogLevel::kInfo;
}

}  // namespace synchrodb::net
