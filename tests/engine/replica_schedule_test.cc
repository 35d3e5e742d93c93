#include <gtest/gtest.h>

#include "engine/replica/snapshot_schedule.h"

namespace synchrodb {
namespace {

TEST(SnapshotSchedule, ASmallStateIsSavedWheneverEnoughLogHasCome) {
  SnapshotSchedule schedule({.every_bytes = 1'000, .growth_percent = 25});
  schedule.applied(999);
  EXPECT_FALSE(schedule.due());
  schedule.applied(1);
  EXPECT_TRUE(schedule.due());
  schedule.begun();
  EXPECT_FALSE(schedule.due());
  schedule.became_current(3'000);
  schedule.applied(1'000);
  EXPECT_TRUE(schedule.due());
}

TEST(SnapshotSchedule, ALargeStateWaitsForItsShareOfLog) {
  SnapshotSchedule schedule({.every_bytes = 1'000, .growth_percent = 25});
  schedule.begun();
  schedule.became_current(100'000);
  schedule.applied(24'999);
  EXPECT_FALSE(schedule.due());
  schedule.applied(1);
  EXPECT_TRUE(schedule.due());
}

TEST(SnapshotSchedule, WithoutAShareTheSizeIsNoMatter) {
  SnapshotSchedule schedule({.every_bytes = 1'000, .growth_percent = 0});
  schedule.became_current(1ULL << 40);
  schedule.applied(1'000);
  EXPECT_TRUE(schedule.due());
}

}  // namespace
}  // namespace synchrodb
