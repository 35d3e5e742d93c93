#include "tests/bench/peers/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "consensus/assert.h"

namespace synchrodb::load {
namespace {

// Each power of two from 2^7 on is cut into 2^7 buckets of equal width.
constexpr unsigned kPrecisionBits = 7;
constexpr std::size_t kPerPower = std::size_t{1} << kPrecisionBits;
constexpr std::size_t kBuckets = kPerPower * (64 - kPrecisionBits + 1);

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < kPerPower) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPrecisionBits;
  const std::uint64_t within = (value >> shift) - kPerPower;
  return kPerPower * (shift + 1) + within;
}

std::uint64_t Histogram::last_value_of(std::size_t bucket) {
  if (bucket < kPerPower) return bucket;
  const std::size_t shift = bucket / kPerPower - 1;
  const std::uint64_t first = (kPerPower + bucket % kPerPower) << shift;
  return first + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::uint64_t value) {
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::quantile(double fraction) const {
  SYNCHRODB_ASSERT(fraction >= 0 && fraction <= 1, "a quantile is a fraction");
  const double wanted = std::ceil(fraction * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (buckets_[i] != 0 && static_cast<double>(seen) >= wanted) {
      return std::min(last_value_of(i), max_);
    }
  }
  return max_;
}

}  // namespace synchrodb::load
