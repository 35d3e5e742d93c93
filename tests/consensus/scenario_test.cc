// Every play under scenarios/ goes as written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/consensus/support/play.h"

namespace synchrodb::test {
namespace {

const std::filesystem::path kScenarios = SYNCHRODB_TEST_DATA "/../consensus/scenarios";

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kScenarios)) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, GoesAsWritten) {
  std::ifstream file(kScenarios / (GetParam() + ".txt"));
  ASSERT_TRUE(file);
  std::ostringstream text;
  text << file.rdbuf();
  const auto wrong = perform_play(text.str(), std::getenv("SYNCHRODB_PRINT_PLAY") != nullptr);
  EXPECT_EQ(wrong.value_or(""), "");
}

INSTANTIATE_TEST_SUITE_P(All, Scenario, testing::ValuesIn(scenarios()),
                         [](const auto& scenario) { return scenario.param; });

TEST(Play, NoticesWhatIsNotAsWritten) {
  const std::string opening = "options lease none\ngroup 1 2 3\nelect 1\n";
  EXPECT_FALSE(perform_play(opening + "expect 1 leader\n"));
  EXPECT_TRUE(perform_play(opening + "expect 2 leader\n"));
  EXPECT_TRUE(perform_play(opening + "expect 1 commit 9\n"));
  EXPECT_TRUE(perform_play(opening + "expect 1 log 1 1\n"));
  EXPECT_TRUE(perform_play(opening + "propose 2 a\n"));
  EXPECT_TRUE(perform_play(opening + "deliver 1->2 timeout-now\n"));
  EXPECT_TRUE(perform_play(opening + "read 1 as r\nexpect read r ok\n"));
  EXPECT_TRUE(perform_play(opening + "expect message 1->2 append-request\n"));
  EXPECT_TRUE(perform_play(opening + "juggle 1\n"));
  EXPECT_TRUE(perform_play("elect 1\n"));
}

}  // namespace
}  // namespace synchrodb::test
