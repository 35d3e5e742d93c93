// A random walk: at each switch every runnable fiber is equally likely. Simple, and hard to beat in
// practice (Thomson, Donaldson, Betts: "Concurrency testing using schedule bounding: an empirical
// study", PPoPP 2014).
#include "sim/kernel/strategy.h"

namespace synchrodb::sim {
namespace {

class RandomStrategy final : public Strategy {
 public:
  explicit RandomStrategy(const Streams& streams) : stream_(streams.stream("schedule.random")) {}

  std::size_t pick(std::span<Candidate* const> ready) override {
    return static_cast<std::size_t>(stream_.uniform(ready.size()));
  }

 private:
  Stream stream_;
};

}  // namespace

std::unique_ptr<Strategy> make_random_strategy(const Streams& streams) {
  return std::make_unique<RandomStrategy>(streams);
}

}  // namespace synchrodb::sim
