// Many short random runs over all safety properties, and liveness after healing.
// SYNCHRODB_CHAOS_SEEDS widens it, SYNCHRODB_CHAOS_SEED prints one run.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/consensus/support/chaos.h"

namespace synchrodb::test {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Chaos, NoSeedViolatesSafetyOrLiveness) {
  if (std::getenv("SYNCHRODB_CHAOS_SEED")) {
    const ChaosResult r = run_chaos(number_from("SYNCHRODB_CHAOS_SEED", 0), true);
    EXPECT_EQ(r.violation, "");
    return;
  }
  const std::uint64_t first = number_from("SYNCHRODB_CHAOS_FIRST", 0);
  const std::uint64_t seeds = number_from("SYNCHRODB_CHAOS_SEEDS", 20'000);
  ChaosResult sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const ChaosResult r = run_chaos(seed);
    ASSERT_EQ(r.violation, "") << "SYNCHRODB_CHAOS_SEED=" << seed;
    sum.commits += r.commits;
    sum.reads_ok += r.reads_ok;
    sum.lease_reads += r.lease_reads;
    sum.elections += r.elections;
    sum.restores += r.restores;
    sum.recoveries += r.recoveries;
    sum.configurations += r.configurations;
  }
  std::printf(
      "commits %llu, reads %llu, by lease %llu, elections %llu, restores %llu, recoveries "
      "%llu, configurations %llu\n",
      static_cast<unsigned long long>(sum.commits), static_cast<unsigned long long>(sum.reads_ok),
      static_cast<unsigned long long>(sum.lease_reads),
      static_cast<unsigned long long>(sum.elections), static_cast<unsigned long long>(sum.restores),
      static_cast<unsigned long long>(sum.recoveries),
      static_cast<unsigned long long>(sum.configurations));
  // A run in which nothing happens proves nothing.
  EXPECT_GT(sum.commits, seeds);
  EXPECT_GT(sum.reads_ok, seeds / 2);
  EXPECT_GT(sum.lease_reads, seeds / 20);
  EXPECT_GT(sum.restores, seeds / 20);
  EXPECT_GT(sum.recoveries, seeds / 50);
  EXPECT_GT(sum.configurations, seeds / 2);
}

}  // namespace
}  // namespace synchrodb::test
