#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "sim/random/streams.h"

namespace synchrodb::sim {
namespace {

std::vector<std::uint64_t> draws(Stream stream, int count) {
  std::vector<std::uint64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(stream.next());
  return values;
}

TEST(Streams, AreFunctionsOfKeyPurposeAndParties) {
  const Streams streams(42);
  const auto base = draws(streams.stream("network.delay", 1, 2), 50);
  EXPECT_EQ(base, draws(Streams(42).stream("network.delay", 1, 2), 50));
  EXPECT_NE(base, draws(Streams(43).stream("network.delay", 1, 2), 50));
  EXPECT_NE(base, draws(streams.stream("network.loss", 1, 2), 50));
  EXPECT_NE(base, draws(streams.stream("network.delay", 2, 1), 50));
}

// Pinned: a changed generator changes every published seed.
TEST(Streams, DrawTheSameNumbersForEver) {
  Stream stream = Streams(7).stream("pinned", 1, 2);
  EXPECT_EQ(stream.next(), 5'766'803'587'679'249'769U);
  EXPECT_EQ(stream.next(), 2'886'652'711'227'049'351U);
  EXPECT_EQ(Stream::exponential_of(0x123456789abcdef0ULL), 11'353'801'211U);
}

TEST(Streams, SeekGoesToAnyDraw) {
  Stream stream = Streams(1).stream("x");
  const auto values = draws(stream, 20);
  stream.seek(13);
  EXPECT_EQ(stream.next(), values[13]);
  EXPECT_EQ(stream.counter(), 14U);
  stream.seek(2);
  EXPECT_EQ(stream.next(), values[2]);
}

TEST(Streams, AnOverrideReplacesOneDrawAndNoOther) {
  const Streams plain(1);
  const Streams changed(1, {{"network.delay", 1, 2, 3, 777},
                            {"network.delay", 1, 2, 9, 888},
                            {"network.delay", 2, 1, 0, 999}});
  auto expected = draws(plain.stream("network.delay", 1, 2), 20);
  expected[3] = 777;
  expected[9] = 888;
  EXPECT_EQ(draws(changed.stream("network.delay", 1, 2), 20), expected);
  EXPECT_EQ(draws(changed.stream("network.delay", 1, 3), 20),
            draws(plain.stream("network.delay", 1, 3), 20));
  Stream sought = changed.stream("network.delay", 1, 2);
  sought.seek(9);
  EXPECT_EQ(sought.next(), 888U);
  sought.seek(3);
  EXPECT_EQ(sought.next(), 777U);
  EXPECT_EQ(sought.next(), expected[4]);
}

TEST(Distributions, UniformIsUniform) {
  Stream stream = Streams(5).stream("uniform");
  std::vector<int> cells(10);
  for (int i = 0; i < 100'000; ++i) ++cells[static_cast<std::size_t>(stream.uniform(10))];
  for (const int cell : cells) EXPECT_NEAR(cell, 10'000, 500);
}

TEST(Distributions, UniformBetweenIncludesBothEndsAndTheWholeRange) {
  Stream stream = Streams(5).stream("between");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(stream.uniform_between(-2, 2));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  static_cast<void>(stream.uniform_between(INT64_MIN, INT64_MAX));
  EXPECT_EQ(stream.uniform_between(7, 7), 7);
}

TEST(Distributions, ExponentialFollowsTheLogarithm) {
  constexpr double kOne = 4294967296.0;
  Stream stream = Streams(5).stream("log");
  for (int i = 0; i < 100'000; ++i) {
    // All magnitudes.
    const std::uint64_t bits = stream.next() >> stream.uniform(64);
    const double expected = -std::log((static_cast<double>(bits) + 0.5) / 18446744073709551616.0);
    const double actual = static_cast<double>(Stream::exponential_of(bits)) / kOne;
    ASSERT_NEAR(actual,
                bits == 0   ? 45.05
                : bits == 1 ? 44.36
                            : expected,
                bits < 1024 ? 0.5 : 2e-3)
        << bits;
  }
  EXPECT_LT(static_cast<double>(Stream::exponential_of(~std::uint64_t{0})) / kOne, 1e-4);
}

TEST(Distributions, ExponentialHasItsMean) {
  Stream stream = Streams(6).stream("mean");
  double sum = 0;
  int above = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Duration d = stream.exponential(milliseconds(10));
    EXPECT_GE(d.ns, 0);
    sum += static_cast<double>(d.ns);
    above += d > milliseconds(30) ? 1 : 0;
  }
  EXPECT_NEAR(sum / 200'000, 10e6, 1e5);
  EXPECT_NEAR(above / 200'000.0, std::exp(-3.0), 2e-3);
  EXPECT_EQ(stream.exponential(Duration{}).ns, 0);
}

TEST(Distributions, BernoulliInPartsPerMillion) {
  Stream stream = Streams(6).stream("coin");
  int hits = 0;
  for (int i = 0; i < 200'000; ++i) hits += stream.bernoulli(250'000) ? 1 : 0;
  EXPECT_NEAR(hits, 50'000, 1'000);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(stream.bernoulli(0));
    EXPECT_TRUE(stream.bernoulli(1'000'000));
  }
}

TEST(Distributions, ShuffleReachesEveryOrder) {
  Stream stream = Streams(6).stream("shuffle");
  std::set<std::vector<int>> orders;
  for (int i = 0; i < 1'000; ++i) {
    std::vector<int> items{1, 2, 3, 4};
    stream.shuffle(items);
    orders.insert(items);
  }
  EXPECT_EQ(orders.size(), 24U);
  std::vector<int> items{5, 6, 7};
  for (int i = 0; i < 10; ++i) EXPECT_GE(stream.pick(items), 5);
}

TEST(Future, ABranchChangesWhatComesAndNotWhatWas) {
  Streams trunk(7);
  Streams branched(7);
  Stream kept = trunk.stream("delay", 1);
  Stream early = branched.stream("delay", 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(early.next(), kept.next());
  branched.branch(3);
  Stream late = branched.stream("loss", 2);
  Stream kept_late = trunk.stream("loss", 2);
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    equal += early.next() == kept.next() ? 1 : 0;
    equal += late.next() == kept_late.next() ? 1 : 0;
  }
  EXPECT_EQ(equal, 0);
}

TEST(Future, DependsOnTheKeysAndTheirOrder) {
  const auto draw = [](std::vector<std::uint64_t> keys) {
    Streams streams(7);
    Stream stream = streams.stream("delay");
    for (const std::uint64_t key : keys) streams.branch(key);
    return stream.next();
  };
  const std::set<std::uint64_t> draws{draw({}),     draw({0}),    draw({1}),
                                      draw({1, 2}), draw({2, 1}), draw({1, 1})};
  EXPECT_EQ(draws.size(), 6U);
  EXPECT_EQ(draw({1, 2}), draw({1, 2}));
}

}  // namespace
}  // namespace synchrodb::sim
