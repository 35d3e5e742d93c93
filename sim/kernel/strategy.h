// Which of several runnable fibers goes next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sim/random/streams.h"

namespace synchrodb::sim {

// A runnable fiber as a strategy sees it.
struct Candidate {
  std::uint64_t id = 0;        // number of the fiber, in order of creation
  std::uint64_t priority = 0;  // the strategy's own
};

// A scheduler in the manner of Shuttle: a few methods, one file for each strategy. All choices come
// from the strategy's own random stream, so that they move nothing else.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // A fiber was created; the result becomes its priority.
  virtual std::uint64_t priority_of_new(std::uint64_t /*id*/) { return 0; }
  // The index of the one to run. Called only for two or more; they stand in the order in which they
  // became runnable. May change their priorities.
  virtual std::size_t pick(std::span<Candidate* const> ready) = 0;
};

// First in, first out: the order in which an event woke them (fifo_strategy.cc).
std::unique_ptr<Strategy> make_fifo_strategy();

// Uniform at random, at each switch (random_strategy.cc).
std::unique_ptr<Strategy> make_random_strategy(const Streams& streams);

// Probabilistic concurrency testing (pct_strategy.cc): finds a bug of depth `depth` with
// probability at least 1 / (fibers * switches^(depth - 1)).
struct PctOptions {
  std::uint32_t depth = 3;
  std::uint64_t switches = 100'000;  // expected choices of a run, among which changes are spread
};
std::unique_ptr<Strategy> make_pct_strategy(const Streams& streams, PctOptions options = {});

// By name: "fifo", "random", "pct"; null for any other.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const Streams& streams);

}  // namespace synchrodb::sim
