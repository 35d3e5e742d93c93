// Our replies against those that Redis 7.0.15 gave to the same commands (tests/data/kv/record.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "engine/kv/ascii.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

int hex_digit(char c) {
  return c >= 'a' ? c - 'a' + 10 : c - '0';
}

// "A" "arg" "arg" ... with \xNN escapes.
Argv parse_arguments(const std::string& line) {
  Argv argv;
  std::size_t at = line.find('"');
  while (at != std::string::npos) {
    std::string argument;
    for (++at; line[at] != '"'; ++at) {
      if (line[at] == '\\') {
        argument += static_cast<char>(hex_digit(line[at + 2]) * 16 + hex_digit(line[at + 3]));
        at += 3;
      } else {
        argument += line[at];
      }
    }
    argv.push_back(argument);
    at = line.find('"', at + 1);
  }
  return argv;
}

Reply sorted(Reply reply) {
  std::vector<Reply> elements = std::move(reply).elements();
  std::sort(elements.begin(), elements.end(),
            [](const Reply& a, const Reply& b) { return quote(a.text()) < quote(b.text()); });
  return Reply::array(std::move(elements));
}

class Transcript : public ::testing::TestWithParam<const char*> {};

TEST_P(Transcript, AnswersAsRedisDid) {
  const std::string path = std::string(SYNCHRODB_TEST_DATA) + "/kv/" + GetParam();
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  Machine machine;
  Session sessions[2];
  std::string line;
  int number = 0, compared = 0, wrong = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line == "reset") {
      machine = Machine();
      sessions[0] = sessions[1] = Session();
      continue;
    }
    const Argv argv = parse_arguments(line);
    Session& session = sessions[line[0] == 'B'];
    Reply reply = serve(session, machine, argv);
    const bool keys = !argv.empty() && equals_ignoring_case(argv[0], "keys");
    if (keys && reply.kind() == Reply::Kind::kArray) reply = sorted(std::move(reply));
    std::string expected;
    ASSERT_TRUE(std::getline(file, expected));
    ++number;
    ++compared;
    EXPECT_EQ("  " + line_of(reply), expected) << path << ":" << number << ": " << line;
    if ("  " + line_of(reply) != expected && ++wrong == 20) FAIL() << "and so on";
  }
  EXPECT_GT(compared, 700);
}

INSTANTIATE_TEST_SUITE_P(Redis7, Transcript, ::testing::Values("explicit.txt", "random.txt"),
                         [](const auto& param_info) {
                           return std::string(param_info.param,
                                              std::string(param_info.param).find('.'));
                         });

}  // namespace
}  // namespace synchrodb::testing
