// Our replies against those that Redis 7.0.15 gave to the same commands (tests/data/net/record.py).
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <regex>
#include <string>

#include "engine/kv/ascii.h"
#include "tests/net/support/commands_support.h"

namespace synchrodb::net::testing {
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

// A server and its two connections, new after each "reset".
struct World {
  FakeContext context;
  ServerCommands commands{context};
  ClientState* clients[2] = {&context.connect(), &context.connect()};

  World() {
    for (ClientState* client : clients) commands.greet(*client);
  }

  // @id:A and @addr:B.
  std::string filled(const std::string& argument) const {
    if (argument.empty() || argument[0] != '@') return argument;
    const ClientState& client = *clients[argument.back() == 'B'];
    return argument.starts_with("@id") ? std::to_string(client.id) : client.address;
  }

  std::string answer(ClientState& client, const Argv& as_written) {
    Argv argv;
    for (const std::string& argument : as_written) argv.push_back(filled(argument));
    const Reply reply = serve(commands, context, client, argv);
    if (!client.replies.admit()) return "none";
    const std::string line = line_of(reply, client.resp);
    static const std::regex kId("\"id\"(, |: ):\\d+");
    return equals_ignoring_case(argv[0], "hello") ? std::regex_replace(line, kId, "\"id\"$1:0")
                                                  : line;
  }
};

class ServerTranscript : public ::testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(ServerTranscript, AnswersAsRedisDid) {
  const auto [name, least] = GetParam();
  const std::string path = std::string(SYNCHRODB_TEST_DATA) + "/net/" + name;
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  auto world = std::make_unique<World>();
  std::string line;
  int number = 0, compared = 0, wrong = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line == "reset") {
      world = std::make_unique<World>();
      continue;
    }
    const Argv argv = parse_arguments(line);
    const std::string actual = world->answer(*world->clients[line[0] == 'B'], argv);
    std::string expected;
    ASSERT_TRUE(std::getline(file, expected));
    ++number;
    ++compared;
    EXPECT_EQ("  " + actual, expected) << path << ":" << number << ": " << line;
    if ("  " + actual != expected && ++wrong == 200) FAIL() << "and so on";
  }
  EXPECT_GT(compared, least);
}

INSTANTIATE_TEST_SUITE_P(Redis7, ServerTranscript,
                         ::testing::Values(std::pair("standalone.txt", 600),
                                           std::pair("cluster.txt", 60)),
                         [](const auto& param_info) {
                           const std::string name = param_info.param.first;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace synchrodb::net::testing
