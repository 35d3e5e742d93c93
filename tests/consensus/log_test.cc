#include "consensus/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace synchrodb {
namespace {

EntryRef entry(std::uint64_t index, std::uint64_t term, std::string payload = "x") {
  return make_entry(Term{term}, Index{index}, EntryKind::kCommand, {}, std::move(payload));
}

Log log_of(std::initializer_list<std::uint64_t> terms, std::uint64_t base = 0,
           std::uint64_t base_term = 0) {
  Log log;
  log.reset(Index{base}, Term{base_term});
  for (const std::uint64_t term : terms) log.append(entry(log.last().value + 1, term));
  return log;
}

TEST(Log, AnEmptyLogEndsAtItsBase) {
  Log log;
  EXPECT_EQ(log.last(), Index{0});
  EXPECT_EQ(log.first(), Index{1});
  EXPECT_EQ(log.last_term(), Term{0});
  log.reset(Index{7}, Term{3});
  EXPECT_EQ(log.last(), Index{7});
  EXPECT_EQ(log.last_term(), Term{3});
  EXPECT_EQ(log.term_at(Index{7}), Term{3});
}

TEST(Log, TermsAreUnknownOutsideNotZero) {
  const Log log = log_of({2, 2, 3}, 4, 2);
  EXPECT_EQ(log.term_at(Index{3}), std::nullopt);
  EXPECT_EQ(log.term_at(Index{4}), Term{2});
  EXPECT_EQ(log.term_at(Index{7}), Term{3});
  EXPECT_EQ(log.term_at(Index{8}), std::nullopt);
  EXPECT_FALSE(log.has(Index{4}));
  EXPECT_TRUE(log.has(Index{5}));
}

TEST(Log, TruncationAndCompactionKeepTheRest) {
  Log log;
  for (std::uint64_t i = 1; i <= 100; ++i) log.append(entry(i, i / 10 + 1));
  const std::size_t all = log.bytes();
  log.compact_to(Index{40});
  EXPECT_EQ(log.base(), Index{40});
  EXPECT_EQ(log.term_at(Index{40}), Term{5});
  log.truncate_after(Index{60});
  EXPECT_EQ(log.last(), Index{60});
  EXPECT_EQ(log.bytes(), all / 100 * 20);
  for (std::uint64_t i = 41; i <= 60; ++i) EXPECT_EQ(log.at(Index{i})->index(), Index{i});
  // The ring wraps around.
  for (std::uint64_t i = 61; i <= 300; ++i) {
    log.append(entry(i, i));
    log.compact_to(Index{i - 15});
  }
  EXPECT_EQ(log.first(), Index{286});
  for (std::uint64_t i = 286; i <= 300; ++i) EXPECT_EQ(log.at(Index{i})->term(), Term{i});
  log.reset(Index{1000}, Term{400});
  EXPECT_EQ(log.bytes(), 0u);
  log.append(entry(1001, 400));
  EXPECT_EQ(log.last(), Index{1001});
}

TEST(Log, LastAtMostSkipsWholeTerms) {
  const Log log = log_of({1, 1, 2, 2, 2, 5, 5});
  const struct {
    std::uint64_t limit, term, expected;
  } cases[] = {
      {7, 5, 7}, {7, 4, 5}, {7, 2, 5},  {7, 1, 2}, {7, 0, 0}, {4, 9, 4},
      {4, 1, 2}, {0, 9, 0}, {99, 9, 7}, {1, 1, 1}, {3, 1, 2}, {6, 3, 5},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(log.last_at_most(Index{c.limit}, Term{c.term}), Index{c.expected})
        << c.limit << " " << c.term;
  }
  EXPECT_EQ(log_of({7, 8}, 10, 6).last_at_most(Index{12}, Term{1}), Index{10});
}

}  // namespace
}  // namespace synchrodb
