#include "sim/fault_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace synchrodb::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FaultTable, HasOneRowForEachKindInOrder) {
  ASSERT_EQ(fault_table().size(), static_cast<std::size_t>(FaultKind::kCount));
  for (std::size_t i = 0; i < fault_table().size(); ++i) {
    EXPECT_EQ(fault_table()[i].kind, static_cast<FaultKind>(i));
    EXPECT_EQ(spec_of(static_cast<FaultKind>(i)).name, fault_table()[i].name);
  }
}

TEST(FaultTable, NamesAreUniqueAndInKebabCase) {
  std::set<std::string> seen;
  for (const FaultSpec& spec : fault_table()) {
    const std::string name(spec.name);
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << name;
    EXPECT_EQ(find_fault(name), spec.kind);
  }
  EXPECT_EQ(find_fault("partition"), std::nullopt);
  EXPECT_EQ(find_fault(""), std::nullopt);
}

TEST(FaultTable, EveryFaultSaysWhatItDoesAndWhereItWasSeen) {
  const std::set<std::string_view> families{"network", "clock", "disk",  "process",
                                            "cluster", "code",  "beyond"};
  for (const FaultSpec& spec : fault_table()) {
    EXPECT_TRUE(families.contains(spec.family)) << spec.name;
    EXPECT_FALSE(spec.description.empty()) << spec.name;
    EXPECT_FALSE(spec.incident.empty()) << spec.name;
  }
}

TEST(FaultTable, DefaultsLieWithinTheirLimits) {
  for (const FaultSpec& spec : fault_table()) {
    std::set<std::string_view> names;
    for (const FaultParameter& parameter : spec.parameters) {
      EXPECT_TRUE(names.insert(parameter.name).second) << spec.name << " " << parameter.name;
      EXPECT_LE(parameter.low, parameter.standard) << spec.name << " " << parameter.name;
      EXPECT_LE(parameter.standard, parameter.high) << spec.name << " " << parameter.name;
    }
  }
}

TEST(FaultTable, AWordSelectsAFamilyANameOrAFirstWord) {
  EXPECT_THAT(select_faults("partition"), SizeIs(7));
  EXPECT_THAT(select_faults("partition-ring"), ElementsAre(FaultKind::kPartitionRing));
  // Of several words only the whole ones count.
  EXPECT_THAT(select_faults("partition-isolate"),
              ElementsAre(FaultKind::kPartitionIsolateOne, FaultKind::kPartitionIsolateLeader));
  EXPECT_THAT(select_faults("part"), IsEmpty());
  // A family may share its name with the first word of faults of other families.
  for (const FaultKind kind : select_faults("clock")) {
    const FaultSpec& spec = spec_of(kind);
    EXPECT_TRUE(spec.family == "clock" || spec.name.starts_with("clock-")) << spec.name;
  }
  EXPECT_THAT(select_faults("nonsense"), IsEmpty());
  EXPECT_THAT(select_faults(""), IsEmpty());
}

}  // namespace
}  // namespace synchrodb::sim
