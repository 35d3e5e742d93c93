// Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic
// guarantees of finding bugs", ASPLOS 2010.
//
// Each fiber draws a priority at birth; the runnable fiber of highest priority goes. At depth - 1
// moments, drawn beforehand among the expected number of choices, the fiber that would run drops
// below all others. A random walk needs luck at every switch to starve one fiber; this needs it
// depth - 1 times.
#include <algorithm>
#include <vector>

#include "sim/kernel/strategy.h"

namespace synchrodb::sim {
namespace {

class PctStrategy final : public Strategy {
 public:
  PctStrategy(const Streams& streams, PctOptions options)
      : stream_(streams.stream("schedule.pct")) {
    SYNCHRODB_ASSERT(options.depth > 0 && options.switches > 0, "PCT needs a depth and a length");
    for (std::uint32_t i = 1; i < options.depth; ++i) {
      changes_.push_back(stream_.uniform(options.switches));
    }
    std::sort(changes_.begin(), changes_.end());
    lowest_ = options.depth;
  }

  // Above the priorities that the changes hand out, which are depth - 1, depth - 2 … 1.
  std::uint64_t priority_of_new(std::uint64_t) override { return (stream_.next() >> 1) + kBase; }

  std::size_t pick(std::span<Candidate* const> ready) override {
    std::size_t best = highest(ready);
    const std::uint64_t step = step_++;
    while (next_change_ < changes_.size() && changes_[next_change_] <= step) {
      ++next_change_;
      ready[best]->priority = --lowest_;
      best = highest(ready);
    }
    return best;
  }

 private:
  static constexpr std::uint64_t kBase = std::uint64_t{1} << 32;

  static std::size_t highest(std::span<Candidate* const> ready) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < ready.size(); ++i) {
      if (ready[i]->priority > ready[best]->priority) best = i;
    }
    return best;
  }

  Stream stream_;
  std::vector<std::uint64_t> changes_;  // sorted numbers of choices
  std::size_t next_change_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t lowest_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_pct_strategy(const Streams& streams, PctOptions options) {
  return std::make_unique<PctStrategy>(streams, options);
}

}  // namespace synchrodb::sim
