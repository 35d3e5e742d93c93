#include "tests/bench/peers/load/options.h"

#include <charconv>
#include <limits>

namespace synchrodb::load {
namespace {

struct Range {
  const char* option;
  std::uint64_t value;
  std::uint64_t least;
  std::uint64_t most;
};

Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message)};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return invalid("endpoint '" + std::string(text) + "': " + why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("HOST:PORT is wanted");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address goes in brackets");
  }
  if (host.empty()) return refuse("the host is missing");
  unsigned number = 0;
  const auto [end, status] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (status != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535) {
    return refuse("the port is a number from 1 to 65535");
  }
  return Endpoint{std::string(host), std::string(port)};
}

Result<> check(const Options& options) {
  if (options.endpoints.empty()) return invalid("--endpoint: at least one is needed");
  const Range ranges[] = {
      {"--connections", options.connections, 1, 100'000},
      {"--pipeline", options.pipeline, 1, 10'000},
      {"--threads", options.threads, 1, 64},
      {"--key-space", options.key_space, 1, 1'000'000'000'000},
      {"--value-bytes", options.value_bytes, 1, 64 << 20},
      {"--set-percent", options.set_percent, 0, 100},
  };
  for (const Range& range : ranges) {
    if (range.value < range.least || range.value > range.most) {
      return invalid(std::string(range.option) + " " + std::to_string(range.value) + ": " +
                     std::to_string(range.least) + " to " + std::to_string(range.most) +
                     " is allowed");
    }
  }
  if (options.threads > options.connections) {
    return invalid("--threads: more than there are connections");
  }
  const std::uint64_t under_way =
      std::uint64_t{options.connections} * options.pipeline * options.value_bytes;
  if (under_way > (std::uint64_t{4} << 30)) {
    return invalid("connections, pipeline and value bytes: more than 4 GiB under way");
  }
  // Written so that NaN fails too.
  if (!(options.duration.count() > 0 && options.duration.count() <= 86'400)) {
    return invalid("--seconds: more than 0, at most 86400");
  }
  if (!(options.warm_up.count() >= 0 && options.warm_up.count() <= 3'600)) {
    return invalid("--warm-up: 0 to 3600 seconds");
  }
  if (!(options.timeout.count() > 0 && options.timeout.count() <= 3'600)) {
    return invalid("--timeout: more than 0, at most 3600 seconds");
  }
  return {};
}

std::uint64_t quota_of(const Options& options, unsigned thread) {
  const std::uint64_t total =
      options.operation == Operation::kFill ? options.key_space : options.requests;
  if (total == 0) return std::numeric_limits<std::uint64_t>::max();
  return total / options.threads + (thread < total % options.threads ? 1 : 0);
}

}  // namespace synchrodb::load
