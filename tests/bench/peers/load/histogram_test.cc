#include "tests/bench/peers/load/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace synchrodb::load {
namespace {

Histogram of(const std::vector<std::uint64_t>& values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  return histogram;
}

TEST(Histogram, AnEmptyOneIsAllZeros) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.quantile(0.5), 0u);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0), 1u);
  EXPECT_EQ(histogram.quantile(0.5), 50u);
  EXPECT_EQ(histogram.quantile(0.99), 99u);
  EXPECT_EQ(histogram.quantile(0.991), 100u);
  EXPECT_EQ(histogram.quantile(1), 100u);
  EXPECT_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, TheExtremesFit) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const Histogram histogram = of({0, kMost});
  EXPECT_EQ(histogram.quantile(0.5), 0u);
  EXPECT_EQ(histogram.quantile(1), kMost);
}

TEST(Histogram, ARareSlowOneShowsInTheTailAlone) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.record(100'000);
  histogram.record(5'000'000);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.999)), 100'000, 800);
  EXPECT_EQ(histogram.quantile(0.9991), 5'000'000u);
}

RC_GTEST_PROP(Histogram, AQuantileIsTheSortedValueOrUpToItsHundredthMore,
              (const std::vector<std::uint64_t>& tails, std::uint8_t percent)) {
  RC_PRE(!tails.empty());
  const double fraction = (percent % 101) / 100.0;
  // All magnitudes alike, not just the largest.
  std::vector<std::uint64_t> values = tails;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] >>= (i * 7) % 64;
  const Histogram histogram = of(values);
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(
      std::max(1.0, std::ceil(fraction * static_cast<double>(values.size()))));
  const std::uint64_t exact = values[rank - 1];
  RC_ASSERT(histogram.quantile(fraction) >= exact);
  RC_ASSERT(histogram.quantile(fraction) - exact <= exact / 100);
}

RC_GTEST_PROP(Histogram, MergingIsRecordingBoth,
              (const std::vector<std::uint64_t>& one, const std::vector<std::uint64_t>& other)) {
  Histogram merged = of(one);
  merged.merge(of(other));
  std::vector<std::uint64_t> both = one;
  both.insert(both.end(), other.begin(), other.end());
  const Histogram expected = of(both);
  RC_ASSERT(merged.count() == expected.count());
  RC_ASSERT(merged.max() == expected.max());
  for (const double fraction : {0.0, 0.5, 0.99, 1.0}) {
    RC_ASSERT(merged.quantile(fraction) == expected.quantile(fraction));
  }
}

}  // namespace
}  // namespace synchrodb::load
