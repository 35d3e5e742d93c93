// CONFIG, as a client sees it. The replies are those of Redis 7.0.15.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/config/config_command.h"
#include "net/config/option_table.h"
#include "net/config/redis_parameters.h"
#include "net/config/runtime_config.h"

namespace synchrodb::net {
namespace {

using testing::_;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;
using Argv = std::vector<std::string>;

class ConfigCommand : public testing::Test {
 protected:
  // "CONFIG SET timeout 5": words between spaces.
  std::string say(const std::string& line) {
    Argv argv;
    for (std::size_t start = 0; start <= line.size();) {
      const std::size_t end = std::min(line.find(' ', start), line.size());
      argv.push_back(line.substr(start, end - start));
      start = end + 1;
    }
    return say(argv);
  }
  std::string say(const Argv& argv) {
    const Reply reply = config_command(config_, argv, [this] { ++resets_; });
    return reply.is_error() || reply.kind() == Reply::Kind::kStatus ? reply.text()
                                                                    : to_string(reply);
  }
  RuntimeConfig::Pairs get(const Argv& patterns) const { return config_.get(patterns); }
  std::string value(const std::string& name) const {
    const RuntimeConfig::Pairs pairs = get({name});
    return pairs.size() == 1 ? pairs[0].second : "(" + std::to_string(pairs.size()) + " matches)";
  }

  RuntimeConfig config_{ServerOptions{}};
  int resets_ = 0;
};

TEST_F(ConfigCommand, ArityAndUnknownSubcommands) {
  EXPECT_EQ(say("CONFIG"), "ERR wrong number of arguments for 'config' command");
  EXPECT_EQ(say("CONFIG FOO"), "ERR unknown subcommand 'FOO'. Try CONFIG HELP.");
  EXPECT_EQ(say("CONFIG GET"), "ERR wrong number of arguments for 'config|get' command");
  EXPECT_EQ(say("CONFIG SET"), "ERR wrong number of arguments for 'config|set' command");
  EXPECT_EQ(say("CONFIG SET a"), "ERR wrong number of arguments for 'config|set' command");
  EXPECT_EQ(say("CONFIG SET maxmemory 1 x"), "ERR syntax error");
  EXPECT_EQ(say("CONFIG REWRITE x"), "ERR wrong number of arguments for 'config|rewrite' command");
  EXPECT_EQ(say("CONFIG RESETSTAT x"),
            "ERR wrong number of arguments for 'config|resetstat' command");
  EXPECT_EQ(say(Argv{"CONFIG", "a\r\nb"}), "ERR unknown subcommand 'a  b'. Try CONFIG HELP.");
}

TEST_F(ConfigCommand, GetMatchesNamesAndPatternsOnce) {
  EXPECT_EQ(config_command(config_, {"config", "get", "port"}, [] {}),
            Reply::map({Reply::bulk("port"), Reply::bulk("7379")}));
  EXPECT_THAT(get({"MaxMemory", "maxmemory"}), ElementsAre(std::pair("MaxMemory", "0")));
  EXPECT_THAT(get({"MaxM*", "maxmemory"}),
              UnorderedElementsAre(std::pair("maxmemory", "0"), std::pair("maxmemory-clients", "0"),
                                   std::pair("maxmemory-policy", "noeviction"),
                                   std::pair("maxmemory-samples", "5"),
                                   std::pair("maxmemory-eviction-tenacity", "10")));
  EXPECT_TRUE(get({"nope"}).empty());
  EXPECT_TRUE(get({std::string(1'025, '*')}).empty());
  EXPECT_EQ(get({"*"}).size(), option_table().size() + redis_parameters().size());
}

TEST_F(ConfigCommand, GetShowsWhatAutomaticValuesComeTo) {
  EXPECT_EQ(value("rpc-port"), "17379");
  EXPECT_EQ(value("advertise-rpc-port"), "17379");
  EXPECT_EQ(value("heartbeat-interval-ms"), "80");
  EXPECT_EQ(value("lease-duration-ms"), "720");
}

TEST_F(ConfigCommand, SetChangesOptions) {
  EXPECT_EQ(say("CONFIG SET maxmemory 10mB TIMEOUT 7 protected-mode NO loglevel verbose"), "OK");
  EXPECT_EQ(config_.options().limits.maxmemory_bytes, 10 << 20);
  EXPECT_EQ(config_.options().limits.timeout_s, 7);
  EXPECT_FALSE(config_.options().security.protected_mode);
  EXPECT_EQ(config_.options().logging.loglevel, LogLevel::kDebug);
  EXPECT_EQ(value("maxmemory"), "10485760");
}

TEST_F(ConfigCommand, PasswordsAreReadableAsInRedis) {
  EXPECT_EQ(say("CONFIG SET requirepass hunter2"), "OK");
  EXPECT_EQ(value("requirepass"), "hunter2");
  EXPECT_THAT(
      secret_arguments({"CONFIG", "SET", "timeout", "1", "RequirePass", "x", "masterauth", "y"}),
      ElementsAre(5U, 7U));
}

TEST(RuntimeConfig, TheSecretOfOperatorsIsNotForRedisClients) {
  ServerOptions options;
  options.security.cluster_secret = "hunter2";
  RuntimeConfig config(options);
  const auto shows = [&](const std::string& pattern) {
    return config.get(std::vector<std::string>{pattern});
  };
  EXPECT_THAT(shows("cluster-secret"), ElementsAre(Pair("cluster-secret", "")));
  EXPECT_THAT(shows("cluster-s?cret"), ElementsAre(Pair("cluster-secret", "")));
  EXPECT_THAT(shows("*"), Not(Contains(Pair(_, "hunter2"))));
  EXPECT_FALSE(config.set(std::vector<std::string>{"cluster-secret", ""}));
  EXPECT_EQ(config.options().security.cluster_secret, "hunter2");
}

TEST_F(ConfigCommand, SetErrorsAreRedisOwn) {
  const std::string failed = "ERR CONFIG SET failed (possibly related to argument '";
  EXPECT_EQ(say("CONFIG SET nope 1"),
            "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
  EXPECT_EQ(say("CONFIG SET nope 1 daemonize yes"),
            "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
  EXPECT_EQ(say("CONFIG SET daemonize yes nope 1"),
            failed + "daemonize') - can't set immutable config");
  EXPECT_EQ(say("CONFIG SET node-id 2"), failed + "node-id') - can't set immutable config");
  EXPECT_EQ(say("CONFIG SET MAXMEMORY 1 maxmemory 2"),
            failed + "maxmemory') - duplicate parameter");
  EXPECT_EQ(say("CONFIG SET TIMEOUT x"),
            failed + "timeout') - argument couldn't be parsed into an integer");
  EXPECT_EQ(say("CONFIG SET timeout 010"),
            failed + "timeout') - argument couldn't be parsed into an integer");
  EXPECT_EQ(say("CONFIG SET timeout -1"),
            failed + "timeout') - argument must be between 0 and 2147483647 inclusive");
  EXPECT_EQ(say("CONFIG SET maxmemory 1tb"),
            failed + "maxmemory') - argument must be a memory value");
  EXPECT_EQ(say("CONFIG SET activedefrag maybe"),
            failed + "activedefrag') - argument must be 'yes' or 'no'");
  EXPECT_EQ(
      say("CONFIG SET appendfsync maybe"),
      failed + "appendfsync') - argument(s) must be one of the following: everysec, always, no");
  EXPECT_EQ(say("CONFIG SET active-defrag-cycle-max 100"),
            failed + "active-defrag-cycle-max') - argument must be between 1 and 99 inclusive");
  EXPECT_EQ(say(Argv{"CONFIG", "SET", "a\r\n" + std::string(200, 'x'), "1"}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'a  " +
                std::string(125, 'x') + "'");
}

TEST_F(ConfigCommand, OutputLimitIsUnderstoodAsRedisWritesIt) {
  const auto set = [this](const std::string& text) {
    const std::string said = say(Argv{"CONFIG", "SET", "client-output-buffer-limit", text});
    return said == "OK" ? value("client-output-buffer-limit") : said.substr(said.find(" - ") + 3);
  };
  EXPECT_EQ(set("normal 1mb 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60"), "1048576");
  EXPECT_EQ(set("pubsub 32mb 8mb 60"), "1048576");
  EXPECT_EQ(set("2mb"), "2097152");
  EXPECT_EQ(set("normal 0 0"), "Wrong number of arguments in buffer limit configuration.");
  EXPECT_EQ(set("other 0 0 0"), "Invalid client class specified in buffer limit configuration.");
  EXPECT_EQ(set("normal 0 x 0"),
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  EXPECT_EQ(value("client-output-buffer-limit"), "2097152");
}

TEST_F(ConfigCommand, SetIsAllOrNothing) {
  int calls = 0;
  config_.on_change("maxmemory", [&](const ServerOptions&) { ++calls; });
  EXPECT_NE(say("CONFIG SET maxmemory 5 hz 20 timeout -1"), "OK");
  EXPECT_EQ(value("maxmemory"), "0");
  EXPECT_EQ(value("hz"), "10");
  EXPECT_EQ(calls, 0);
}

TEST_F(ConfigCommand, SetRefusesWhatDoesNotFitTogether) {
  ServerOptions options;
  options.consensus.lease = LeaseKind::kNone;
  RuntimeConfig config(options);
  const Reply reply = config_command(config, {"CONFIG", "SET", "reads", "lease"}, [] {});
  EXPECT_EQ(
      reply.text(),
      "ERR CONFIG SET failed (possibly related to argument 'reads') - reads: lease needs one, "
      "but the option lease is none");
  EXPECT_EQ(config.options(), options);
}

TEST_F(ConfigCommand, ListenersHearOfChangesOnly) {
  std::vector<std::int64_t> heard;
  config_.on_change("timeout",
                    [&](const ServerOptions& now) { heard.push_back(now.limits.timeout_s); });
  say("CONFIG SET timeout 5");
  say("CONFIG SET timeout 5");
  say("CONFIG SET maxclients 5");
  say("CONFIG SET timeout 6 maxclients 7");
  EXPECT_THAT(heard, ElementsAre(5, 6));
}

TEST_F(ConfigCommand, RedisParametersAreRemembered) {
  EXPECT_EQ(value("save"), "3600 1 300 100 60 10000");
  EXPECT_EQ(say(Argv{"CONFIG", "SET", "save", ""}), "OK");
  EXPECT_EQ(value("save"), "");
  EXPECT_EQ(say("CONFIG SET appendonly YES auto-aof-rewrite-min-size 1mb"), "OK");
  EXPECT_EQ(value("appendonly"), "yes");
  EXPECT_EQ(value("auto-aof-rewrite-min-size"), "1048576");
}

TEST_F(ConfigCommand, OldNamesOfRedisParametersMeanTheNewOnes) {
  EXPECT_EQ(value("hash-max-ziplist-entries"), "512");
  EXPECT_EQ(say("CONFIG SET hash-max-ziplist-entries 7"), "OK");
  EXPECT_EQ(value("hash-max-listpack-entries"), "7");
  EXPECT_EQ(say("CONFIG SET slave-priority 5 replica-priority 6"), "OK");
  EXPECT_EQ(value("slave-priority"), "6");
}

// redis-cli and test suites do this: whatever is shown may be set again.
TEST_F(ConfigCommand, WhatIsShownCanBeSetAgainAndChangesNothing) {
  const RuntimeConfig::Pairs before = get({"*"});
  for (const auto& [name, text] : before) {
    const std::string said = say(Argv{"CONFIG", "SET", name, text});
    if (said != "OK") {
      EXPECT_EQ(said, "ERR CONFIG SET failed (possibly related to argument '" + name +
                          "') - can't set immutable config");
    }
  }
  EXPECT_EQ(get({"*"}), before);
}

TEST_F(ConfigCommand, ResetstatRewriteAndHelp) {
  EXPECT_EQ(say("config resetstat"), "OK");
  EXPECT_EQ(resets_, 1);
  EXPECT_THAT(say("CONFIG REWRITE"), testing::StartsWith("ERR Rewriting config file: "));
  EXPECT_THAT(say("CONFIG HELP"), testing::HasSubstr("CONFIG <subcommand>"));
}

TEST(RedisParameters, DoNotCollideWithOptionsAndHoldTheirDefaults) {
  std::string_view previous;
  for (const RedisParameter& parameter : redis_parameters()) {
    SCOPED_TRACE(parameter.name);
    EXPECT_LT(previous, parameter.name);
    previous = parameter.name;
    EXPECT_EQ(find_option(parameter.name), nullptr);
    if (!parameter.same_as.empty()) {
      const RedisParameter* kept = find_redis_parameter_ignoring_case(parameter.same_as);
      ASSERT_NE(kept, nullptr);
      EXPECT_TRUE(kept->same_as.empty());
      continue;
    }
    const Result<OptionValue> standard = parse_value(parameter.domain, parameter.standard);
    ASSERT_TRUE(standard.ok()) << standard.error().message;
    EXPECT_EQ(value_text(parameter.domain, standard.value()), parameter.standard);
  }
}

}  // namespace
}  // namespace synchrodb::net
