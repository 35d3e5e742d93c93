#include "net/server/link_failures.h"

#include <gtest/gtest.h>

namespace synchrodb::net {
namespace {

TEST(LinkFailures, AreToldWhenTheyAreNewsAndOnceAMinute) {
  LinkFailures failures;
  const Instant begin = Instant{} + seconds(1'000);
  EXPECT_EQ(failures.level(NodeId{2}, "refused", begin), LogLevel::kInfo);
  EXPECT_EQ(failures.level(NodeId{2}, "refused", begin + seconds(1)), LogLevel::kDebug);
  EXPECT_EQ(failures.level(NodeId{3}, "refused", begin + seconds(1)), LogLevel::kInfo);
  EXPECT_EQ(failures.level(NodeId{2}, "another folder", begin + seconds(2)), LogLevel::kInfo);
  EXPECT_EQ(failures.level(NodeId{2}, "another folder", begin + seconds(61)), LogLevel::kDebug);
  EXPECT_EQ(failures.level(NodeId{2}, "another folder", begin + seconds(62)), LogLevel::kInfo);
  EXPECT_EQ(failures.level(NodeId{2}, "another folder", begin + seconds(63)), LogLevel::kDebug);
}

}  // namespace
}  // namespace synchrodb::net
