#include "sim/kernel/strategy.h"

namespace synchrodb::sim {
namespace {

class FifoStrategy final : public Strategy {
 public:
  std::size_t pick(std::span<Candidate* const>) override { return 0; }
};

}  // namespace

std::unique_ptr<Strategy> make_fifo_strategy() {
  return std::make_unique<FifoStrategy>();
}

std::unique_ptr<Strategy> make_strategy(std::string_view name, const Streams& streams) {
  if (name == "fifo") return make_fifo_strategy();
  if (name == "random") return make_random_strategy(streams);
  if (name == "pct") return make_pct_strategy(streams);
  return nullptr;
}

}  // namespace synchrodb::sim
