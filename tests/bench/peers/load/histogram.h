// Latencies by the million in 60 KB: log-linear buckets, as HdrHistogram has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace synchrodb::load {

// Counts values in buckets that are exact below 128 and at most 1/128 (0.8 %) wide above. Any
// 64-bit value is accepted. One thread's; merge those of several threads afterwards.
class Histogram {
 public:
  Histogram();

  void record(std::uint64_t value);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }  // exact; 0 when empty
  double mean() const;                        // exact; 0 when empty

  // The smallest recorded value, to the width of a bucket and never too small by rounding, that at
  // least `fraction` (0 to 1) of all values do not exceed; 0 when empty.
  std::uint64_t quantile(double fraction) const;

 private:
  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t last_value_of(std::size_t bucket);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace synchrodb::load
