#include "tests/bench/peers/load/workload.h"

namespace synchrodb::load {

Key::Key(std::uint64_t number) {
  text_ = {'k', 'e', 'y', ':'};
  for (std::size_t i = text_.size(); i-- > 4;) {
    text_[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

Workload::Workload(const Options& options, unsigned thread)
    : operation_(options.operation),
      set_percent_(options.set_percent),
      key_space_(options.key_space),
      stride_(options.threads),
      left_(quota_of(options, thread)),
      fill_at_(thread),
      random_(options.seed * 0x2545F4914F6CDD1D + thread) {}

std::optional<Request> Workload::next() {
  if (left_ == 0) return std::nullopt;
  --left_;
  switch (operation_) {
    case Operation::kFill: {
      const std::uint64_t key = fill_at_;
      fill_at_ += stride_;
      return Request{true, key};
    }
    case Operation::kSet:
      return Request{true, draw(key_space_)};
    case Operation::kGet:
      return Request{false, draw(key_space_)};
    case Operation::kMixed:
      break;
  }
  const bool write = draw(100) < set_percent_;
  return Request{write, draw(key_space_)};
}

// SplitMix64. Bounds are below 2^40, so that the bias of the modulus is below 2^-24.
std::uint64_t Workload::draw(std::uint64_t bound) {
  random_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return (z ^ (z >> 31)) % bound;
}

}  // namespace synchrodb::load
