// The small classes behind the commands: slow log, latency monitor, statistics, pause, syntax.
#include <gtest/gtest.h>

#include <string>

#include "net/commands/client_pause.h"
#include "net/commands/command_description.h"
#include "net/commands/command_statistics.h"
#include "net/commands/command_syntax.h"
#include "net/commands/latency_monitor.h"
#include "net/commands/queued_commands.h"
#include "net/commands/secrets.h"
#include "net/commands/slow_log.h"
#include "tests/net/support/commands_support.h"

namespace synchrodb::net::testing {
namespace {

TEST(SlowLog, KeepsTheLatestAndCountsOn) {
  SlowLog log;
  log.set_capacity(2);
  for (const char* name : {"a", "b", "c"}) log.add({name}, milliseconds(20), 7, "addr", "name");
  ASSERT_EQ(log.entries().size(), 2u);
  EXPECT_EQ(log.entries()[0].argv, Argv({"c"}));
  EXPECT_EQ(log.entries()[0].id, 2u);
  EXPECT_EQ(log.entries()[1].argv, Argv({"b"}));
  EXPECT_EQ(log.entries()[0].elapsed_us, 20'000);
  log.reset();
  log.add({"d"}, milliseconds(20), 7, "", "");
  EXPECT_EQ(log.entries()[0].id, 3u);
  log.set_capacity(0);
  EXPECT_TRUE(log.entries().empty());
  log.add({"e"}, milliseconds(20), 7, "", "");
  EXPECT_TRUE(log.entries().empty());
}

TEST(SlowLog, ShortensAsRedisDoes) {
  SlowLog log;
  log.add(Argv(33, std::string(129, 'x')), milliseconds(20), 0, "", "");
  const Argv& argv = log.entries()[0].argv;
  ASSERT_EQ(argv.size(), 32u);
  EXPECT_EQ(argv[0], std::string(128, 'x') + "... (1 more bytes)");
  EXPECT_EQ(argv[31], "... (2 more arguments)");
  log.add(Argv(32, std::string(128, 'y')), milliseconds(20), 0, "", "");
  EXPECT_EQ(log.entries()[0].argv, Argv(32, std::string(128, 'y')));
}

TEST(SlowLog, ThresholdOfZeroIsEverythingAndNegativeNothing) {
  SlowLog log;
  EXPECT_FALSE(log.is_slow(microseconds(9'999)));
  EXPECT_TRUE(log.is_slow(microseconds(10'000)));
  log.set_threshold_us(0);
  EXPECT_TRUE(log.is_slow(Duration{}));
  log.set_threshold_us(-1);
  EXPECT_FALSE(log.is_slow(seconds(1'000)));
}

TEST(LatencyMonitor, KeepsTheWorstOfEachSecond) {
  LatencyMonitor monitor;
  monitor.add("command", seconds(1), 1);
  EXPECT_TRUE(monitor.events().empty()) << "recorded although disabled";
  monitor.set_threshold_ms(100);
  monitor.add("command", milliseconds(99), 1);
  EXPECT_EQ(monitor.find("command"), nullptr);
  monitor.add("command", milliseconds(100), 1);
  monitor.add("command", milliseconds(300), 1);
  monitor.add("command", milliseconds(200), 1);
  monitor.add("command", milliseconds(150), 2);
  const auto* series = monitor.find("command");
  ASSERT_NE(series, nullptr);
  ASSERT_EQ(series->samples.size(), 2u);
  EXPECT_EQ(series->samples[0].ms, 300);
  EXPECT_EQ(series->samples[1].ms, 150);
  for (int second = 3; second < 1'000; ++second) monitor.add("command", seconds(1), second);
  EXPECT_EQ(series->samples.size(), 160u);
  EXPECT_EQ(series->samples.back().wall_seconds, 999);
  EXPECT_FALSE(monitor.reset("other"));
  EXPECT_TRUE(monitor.reset("command"));
  EXPECT_EQ(monitor.reset_all(), 0u);
}

TEST(LatencyHistogram, BoundsEachLatencyWithinAnEighth) {
  for (std::int64_t us = 0; us < 5'000'000; us = us * 21 / 20 + 1) {
    LatencyHistogram histogram;
    histogram.add(microseconds(us));
    const double bound = histogram.percentile_us(100);
    EXPECT_GE(bound, static_cast<double>(us));
    EXPECT_LE(bound, static_cast<double>(us) * 1.125 + 1);
  }
  LatencyHistogram histogram;
  histogram.add(seconds(1'000'000));  // beyond the last bucket
  histogram.add(Duration{-5});
  EXPECT_EQ(histogram.count(), 2u);
}

TEST(LatencyHistogram, PercentilesAndCumulativeCountsAgree) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1'000; ++i) histogram.add(microseconds(i));
  EXPECT_NEAR(histogram.percentile_us(50), 500, 64);
  EXPECT_NEAR(histogram.percentile_us(99), 990, 128);
  const auto buckets = histogram.cumulative();
  ASSERT_FALSE(buckets.empty());
  EXPECT_EQ(buckets.back().second, 1'000u);
  for (const auto& [limit, calls] : buckets) {
    EXPECT_EQ(calls, static_cast<std::uint64_t>(std::min<std::int64_t>(limit - 1, 1'000))) << limit;
  }
  EXPECT_EQ(LatencyHistogram().percentile_us(50), 0);
}

TEST(CommandStatistics, TellsBothTablesApartAndBoundsErrorCodes) {
  CommandStatistics statistics;
  statistics.called(*find_command("get"), microseconds(3), false);
  statistics.called(find_server_command("info")->spec, microseconds(5), true);
  statistics.rejected(*find_command("get"));
  const auto used = statistics.commands();
  ASSERT_EQ(used.size(), 2u);
  EXPECT_EQ(used[0]->name, "get");
  EXPECT_EQ(used[0]->calls, 1u);
  EXPECT_EQ(used[0]->rejected, 1u);
  EXPECT_EQ(used[1]->name, "info");
  EXPECT_EQ(used[1]->failed, 1u);
  for (int i = 0; i < 1'000; ++i) statistics.error("CODE" + std::to_string(i) + " text");
  statistics.error("CODE1 other text");
  EXPECT_LE(statistics.errors().size(), 128u);
  EXPECT_EQ(statistics.errors().find("CODE1")->second, 2u);
  EXPECT_EQ(statistics.total_errors(), 1'001u);
  statistics.reset();
  EXPECT_TRUE(statistics.commands().empty());
  EXPECT_EQ(statistics.total_errors(), 0u);
}

TEST(ClientPause, OnlyGrowsWhileItLasts) {
  ClientPause pause;
  Session session;
  const Argv set = {"SET", "k", "v"}, get = {"get", "k"}, exec = {"EXEC"}, ping = {"ping"};
  EXPECT_FALSE(pause.postponed(session, set, Instant{5}));
  pause.pause(PauseMode::kWrites, Instant{100}, Instant{0});
  EXPECT_EQ(pause.postponed(session, set, Instant{5}), Instant{100});
  EXPECT_FALSE(pause.postponed(session, {"SET", "k"}, Instant{5})) << "it is refused at once";
  session.handle({"MULTI"});
  session.handle(get);
  EXPECT_FALSE(pause.postponed(session, exec, Instant{5})) << "it only reads";
  session.handle(set);
  EXPECT_EQ(pause.postponed(session, exec, Instant{5}), Instant{100});
  session.handle({"DISCARD"});
  session.handle({"MULTI"});
  EXPECT_FALSE(pause.postponed(session, exec, Instant{5})) << "another transaction";
  EXPECT_FALSE(pause.postponed(session, get, Instant{5}));
  EXPECT_FALSE(pause.postponed(session, {"info"}, Instant{5}));
  pause.pause(PauseMode::kAll, Instant{50}, Instant{10});
  EXPECT_EQ(pause.postponed(session, ping, Instant{10}), Instant{100})
      << "it must not become shorter";
  pause.pause(PauseMode::kWrites, Instant{20}, Instant{10});
  EXPECT_EQ(pause.postponed(session, get, Instant{10}), Instant{100}) << "it must not become laxer";
  EXPECT_FALSE(pause.postponed(session, set, Instant{100}));
  pause.pause(PauseMode::kAll, Instant{300}, Instant{200});
  pause.end();
  EXPECT_FALSE(pause.postponed(session, set, Instant{200}));
}

TEST(Secrets, AreEqualOnlyIfTheyAre) {
  EXPECT_TRUE(equal_secrets("secret", "secret"));
  EXPECT_TRUE(equal_secrets("", ""));
  for (const char* guess : {"", "s", "secre", "secrets", "Secret", "secreT", "secretsecret"}) {
    EXPECT_FALSE(equal_secrets("secret", guess)) << guess;
  }
  EXPECT_FALSE(equal_secrets("", std::string_view("\0", 1)));
  EXPECT_FALSE(equal_secrets("ab", "abab"));
}

TEST(QueuedCommands, PutsRepliesInTheirPlaces) {
  QueuedCommands queued;
  queued.add(0, {"a"});
  queued.add(1, {"b"});
  queued.add(1, {"c"});
  queued.add(3, {"d"});
  const auto execute = [](const Argv& argv) { return Reply::bulk(argv[0]); };
  const auto from_log = [] {
    return Reply::array({Reply::integer(1), Reply::integer(2), Reply::integer(3)});
  };
  EXPECT_EQ(line_of(queued.finish(from_log(), execute)),
            "[\"a\", :1, \"b\", \"c\", :2, :3, \"d\"]");
  const auto fail = [](const Argv&) -> Reply {
    ADD_FAILURE() << "executed";
    return {};
  };
  EXPECT_TRUE(queued.finish(Reply::nil_array(), fail).is_nil());
  EXPECT_TRUE(queued.finish(Reply::error("ERR x"), fail).is_error());
  EXPECT_EQ(queued.finish(Reply::ok(), fail), Reply::ok());
}

// "name:type", with a token before '=', optional in [], repeated by "+", children in ().
std::string text_of(const std::vector<SyntaxNode>& nodes) {
  std::string text;
  for (const SyntaxNode& node : nodes) {
    std::string one = (node.token.empty() ? "" : node.token + "=") + node.name + ":" + node.type;
    if (!node.children.empty()) one += "(" + text_of(node.children) + ")";
    if (node.multiple) one += "+";
    if (node.optional) one = "[" + one + "]";
    text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

TEST(CommandSyntax, BecomesATree) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"key value", "key:key value:string"},
      {"key [key ...]", "key:key+"},
      {"key value [key value ...]", "key_value:block(key:key value:string)+"},
      {"[section ...]", "[section:string+]"},
      {"[ASYNC | SYNC]", "[async:oneof(ASYNC=async:pure-token SYNC=sync:pure-token)]"},
      {"<ON | OFF>", "on:oneof(ON=on:pure-token OFF=off:pure-token)"},
      {"key seconds [NX | GT]",
       "key:key seconds:integer [nx:oneof(NX=nx:pure-token GT=gt:pure-token)]"},
      {"cursor [MATCH pattern] [COUNT count]",
       "cursor:integer [MATCH=pattern:pattern] [COUNT=count:integer]"},
      {"[protover [AUTH username password]]",
       "[protover_username_password:block(protover:integer "
       "[AUTH=username_password:block(username:string password:string)])]"},
  };
  for (const auto& [hint, tree] : cases) EXPECT_EQ(text_of(parse_syntax(hint)), tree) << hint;
}

TEST(CommandSyntax, SurvivesEveryPrefixOfEveryHint) {
  for (const CommandDescription& command : all_descriptions()) {
    const std::string_view hint = command.spec->arguments;
    for (std::size_t i = 0; i <= hint.size(); ++i) parse_syntax(hint.substr(0, i));
  }
  parse_syntax("]]>>|| ... [ [x ...");
}

}  // namespace
}  // namespace synchrodb::net::testing
