// What a run of the load generator is asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb::load {

using Clock = std::chrono::steady_clock;

struct Endpoint {
  std::string host;
  std::string port;

  std::string text() const { return host + ":" + port; }
};

// "HOST:PORT", the host a name, an IPv4 address, or an IPv6 address in brackets; port 1 to 65535.
Result<Endpoint> parse_endpoint(std::string_view text);

enum class Operation {
  kSet,
  kGet,
  kMixed,
  kFill,  // SET each key of the key space once, in order, then stop
};

struct Options {
  std::vector<Endpoint> endpoints;  // connection i goes to endpoint i modulo their number
  Operation operation = Operation::kSet;
  unsigned set_percent = 50;  // of kMixed
  unsigned connections = 50;
  unsigned pipeline = 1;  // requests under way on each connection
  unsigned threads = 1;
  std::uint64_t key_space = 10'000;
  std::uint64_t value_bytes = 100;
  std::uint64_t requests = 0;  // 0: as many as the time allows; kFill sets its own
  std::uint64_t seed = 1;
  std::chrono::duration<double> duration{5};  // not for kFill
  std::chrono::duration<double> warm_up{0};   // comes before `duration`; not counted
  std::chrono::duration<double> timeout{10};  // of one request; the connection is then given up
};

// An error names the option and its range.
Result<> check(const Options& options);

// The requests that thread `thread` of `options` may begin; UINT64_MAX for no limit.
std::uint64_t quota_of(const Options& options, unsigned thread);

}  // namespace synchrodb::load
