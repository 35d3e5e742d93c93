// Which commands are whose, who may give them, what waits in a transaction, and what is counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/kv/ascii.h"
#include "net/commands/command_description.h"
#include "tests/net/support/commands_support.h"

namespace synchrodb::net::testing {
namespace {

class Dispatch : public ::testing::Test {
 protected:
  Dispatch() { commands.greet(client); }

  std::string ask(const Argv& argv) {
    return line_of(serve(commands, context, client, argv), client.resp);
  }

  FakeContext context;
  ServerCommands commands{context};
  ClientState& client = context.connect();
};

TEST_F(Dispatch, LeavesKeysToTheSession) {
  for (const Argv& argv : {Argv{"get", "k"}, Argv{"SET", "k", "v"}, Argv{"ping"}, Argv{"multi"},
                           Argv{"get"}, Argv{"nosuch"}, Argv{}}) {
    EXPECT_FALSE(commands.execute(client, argv)) << (argv.empty() ? "" : argv[0]);
  }
  EXPECT_TRUE(commands.execute(client, {"Client", "Id"}));
  EXPECT_TRUE(commands.execute(client, {"client"}));
}

TEST_F(Dispatch, EveryRowIsSound) {
  std::set<std::string_view> names;
  const auto check = [&](const ServerCommand& command) {
    const CommandSpec& spec = command.spec;
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_TRUE(std::none_of(spec.name.begin(), spec.name.end(), [](char c) {
      return c >= 'A' && c <= 'Z';
    })) << spec.name;
    EXPECT_EQ(find_command(spec.name), nullptr) << spec.name << " is the engine's";
    EXPECT_NE(spec.arity, 0);
    EXPECT_FALSE(spec.summary.empty()) << spec.name;
    EXPECT_EQ(spec.summary.back(), '.') << spec.name;
    EXPECT_EQ(spec.first_key == 0, command.key_access.empty()) << spec.name;
    EXPECT_EQ(spec.flags, command.traits & 0xff) << spec.name;
  };
  for (const ServerCommand* command : server_commands()) {
    check(*command);
    EXPECT_EQ(find_server_command(command->spec.name), command);
    if (command->subcommands.empty()) {
      EXPECT_NE(command->handler, nullptr) << command->spec.name;
      continue;
    }
    EXPECT_NE(find_subcommand(*command, "HELP"), nullptr) << command->spec.name;
    for (const ServerCommand& sub : command->subcommands) {
      check(sub);
      EXPECT_TRUE(sub.spec.name.starts_with(std::string(command->spec.name) + "|"));
      EXPECT_NE(sub.handler, nullptr) << sub.spec.name;
    }
  }
  EXPECT_GT(names.size(), 100u);
}

// Every container's help names every subcommand, and nothing that there is not.
TEST_F(Dispatch, HelpIsAboutWhatThereIs) {
  for (const ServerCommand* container : server_commands()) {
    if (container->subcommands.empty()) continue;
    std::set<std::string> told;
    const Reply help = help_reply(*container);
    for (const Reply& line : help.elements()) {
      const std::string& text = line.text();
      if (text.empty() || text[0] == ' ' || text[0] == '(' || text.ends_with("are:")) continue;
      std::string name = text.substr(0, text.find(' '));
      EXPECT_NE(find_subcommand(*container, name), nullptr) << container->spec.name << " " << name;
      for (char& c : name) c = to_lower(c);
      told.insert(std::string(container->spec.name) + "|" + name);
    }
    for (const ServerCommand& sub : container->subcommands) {
      const bool refused = container->spec.name == "cluster" && sub.has(trait::kNoAsyncLoading);
      const bool alias = sub.spec.name == "cluster|slaves" || sub.spec.name == "cluster|reset" ||
                         sub.spec.name == "cluster|failover";
      if (refused || alias) continue;
      EXPECT_TRUE(told.contains(std::string(sub.spec.name))) << sub.spec.name;
    }
  }
}

TEST_F(Dispatch, SaysWhichCommandsMayPark) {
  for (const Argv& argv :
       {Argv{"wait", "1", "0"}, Argv{"DEBUG", "sleep", "1"}, Argv{"object", "encoding", "k"},
        Argv{"memory", "usage", "k"}, Argv{"save"}, Argv{"cluster", "countkeysinslot", "1"}}) {
    EXPECT_TRUE(ServerCommands::may_park(argv)) << argv[0];
  }
  for (const Argv& argv :
       {Argv{"wait", "1"}, Argv{"info"}, Argv{"client", "list"}, Argv{"get", "k"},
        Argv{"object", "help"}, Argv{"nosuch"}, Argv{}, Argv{"object"}}) {
    EXPECT_FALSE(ServerCommands::may_park(argv)) << (argv.empty() ? "" : argv[0]);
  }
}

TEST_F(Dispatch, AsksStrangersForThePassword) {
  context.options["requirepass"] = "secret";
  EXPECT_EQ(ask({"get", "k"}), "nil") << "it was there before the password";
  ClientState& stranger = context.connect();
  commands.greet(stranger);
  const auto ask_as_stranger = [&](const Argv& argv) {
    return line_of(serve(commands, context, stranger, argv));
  };
  const std::string refused = "-\"NOAUTH Authentication required.\"";
  for (const ServerCommand* command : server_commands()) {
    const std::string_view name = command->spec.name;
    if (name == "auth" || name == "hello" || name == "quit" || name == "reset") continue;
    Argv argv = {std::string(name)};
    if (!command->subcommands.empty() && name != "command") argv.push_back("help");
    while (!command->spec.accepts(argv.size())) argv.push_back("x");
    EXPECT_EQ(ask_as_stranger(argv), refused) << name;
  }
  for (const CommandSpec& command : command_table()) {
    Argv argv = {std::string(command.name)};
    while (!command.accepts(argv.size())) argv.push_back("x");
    const std::string expected =
        command.name == "exec"
            ? "-\"EXECABORT Transaction discarded because of: NOAUTH Authentication required.\""
            : refused;
    EXPECT_EQ(ask_as_stranger(argv), expected) << command.name;
  }
  EXPECT_EQ(ask_as_stranger({"auth", "secret"}), "+\"OK\"");
  EXPECT_EQ(ask_as_stranger({"get", "k"}), "nil");
}

TEST_F(Dispatch, ExecutesWhatATransactionQueuedInItsPlace) {
  ask({"multi"});
  EXPECT_EQ(ask({"set", "k", "1"}), "+\"QUEUED\"");
  EXPECT_EQ(ask({"client", "setname", "me"}), "+\"QUEUED\"");
  EXPECT_EQ(ask({"incr", "k"}), "+\"QUEUED\"");
  EXPECT_EQ(ask({"client", "getname"}), "+\"QUEUED\"");
  EXPECT_EQ(client.name, "") << "it must wait for EXEC";
  EXPECT_TRUE(client_line(client, context.time).find(" multi=4 ") != std::string::npos);
  EXPECT_TRUE(ServerCommands::take_queued(client).empty()) << "the transaction is still open";
  EXPECT_EQ(ask({"exec"}), "[+\"OK\", +\"OK\", :2, \"me\"]");
  EXPECT_EQ(ask({"exec"}), "-\"ERR EXEC without MULTI\"");
}

TEST_F(Dispatch, DoesNotWaitWithinATransaction) {
  context.members_holding = 1;
  ask({"multi"});
  ask({"wait", "2", "1000"});
  EXPECT_EQ(ask({"exec"}), "[:1]");
  EXPECT_EQ(context.log.back(), "wait for 0 to hold 0, 1000 ms");
}

TEST_F(Dispatch, WaitIsAboutTheLastWrite) {
  ask({"set", "k", "v"});
  context.members_holding = 2;
  EXPECT_EQ(ask({"wait", "2", "150"}), ":2");
  EXPECT_EQ(context.log.back(), "wait for 2 to hold 1, 150 ms");
}

TEST_F(Dispatch, CountsCallsRejectionsAndErrors) {
  ask({"get", "k"});
  ask({"get"});
  ask({"client", "id"});
  ask({"client", "nosuch"});
  ask({"select", "7"});
  ask({"nosuch"});
  const std::string text = serve(commands, context, client, {"info", "all"}).text();
  for (const char* line :
       {"cmdstat_client|id:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0\r\n",
        "cmdstat_get:calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n",
        "cmdstat_select:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1\r\n",
        "errorstat_ERR:count=4\r\n", "total_error_replies:4\r\n",
        "latency_percentiles_usec_get:p50=0.000,p99=0.000,p99.9=0.000\r\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_EQ(ask({"config", "resetstat"}), "+\"OK\"");
  EXPECT_EQ(context.log.back(), "reset statistics");
}

TEST_F(Dispatch, EntersWhatIsSlow) {
  ask({"config", "set", "latency-monitor-threshold", "5"});
  ask({"client", "setname", "me"});
  const Argv slow = {"set", "k", "v"};
  commands.completed(client, slow, milliseconds(25), Reply::ok());
  commands.completed(client, slow, milliseconds(2), Reply::ok());
  EXPECT_EQ(ask({"slowlog", "len"}), ":1");
  EXPECT_EQ(ask({"slowlog", "get"}),
            "[[:0, :1700000000, :25000, [\"set\", \"k\", \"v\"], \"127.0.0.1:50001\", \"me\"]]");
  EXPECT_EQ(ask({"latency", "latest"}), "[[\"command\", :1700000000, :25, :25]]");
  EXPECT_EQ(ask({"latency", "history", "command"}), "[[:1700000000, :25]]");
  EXPECT_NE(ask({"latency", "graph", "command"}).find("high 25 ms, low 25 ms"), std::string::npos);
  EXPECT_NE(ask({"latency", "doctor"}).find("command: 1 latency spikes"), std::string::npos);
  EXPECT_EQ(ask({"config", "set", "slowlog-log-slower-than", "-1"}), "+\"OK\"");
  commands.completed(client, slow, seconds(25), Reply::ok());
  EXPECT_EQ(ask({"slowlog", "len"}), ":1");
}

TEST_F(Dispatch, KeepsSecretsOutOfTheSlowLog) {
  ask({"config", "set", "slowlog-log-slower-than", "0"});
  ask({"auth", "default", "secret"});
  ask({"hello", "2", "auth", "default", "secret"});
  ask({"config", "set", "requirepass", "secret"});
  ask({"client", "id"});
  EXPECT_EQ(ask({"slowlog", "get", "-1"}).find("secret"), std::string::npos);
  EXPECT_NE(ask({"slowlog", "get", "-1"}).find("\"client\", \"id\""), std::string::npos);
}

TEST_F(Dispatch, HandsRequestsToTheServer) {
  EXPECT_EQ(ask({"save"}), "+\"OK\"");
  EXPECT_EQ(ask({"bgsave"}), "+\"Background saving started\"");
  EXPECT_EQ(ask({"bgrewriteaof"}), "+\"Background append only file rewriting started\"");
  EXPECT_EQ(ask({"debug", "sleep", "1.5"}), "+\"OK\"");
  EXPECT_EQ(ask({"debug", "set-active-expire", "0"}), "+\"OK\"");
  EXPECT_EQ(ask({"memory", "purge"}), "+\"OK\"");
  EXPECT_EQ(context.log, Argv({"save snapshot", "start snapshot", "start snapshot", "sleep 1500 ms",
                               "active expiry off", "release memory"}));
  context.replica_facts.snapshot_in_progress = true;
  EXPECT_EQ(ask({"bgsave"}), "-\"ERR Background save already in progress\"");
  context.fail = true;
  EXPECT_EQ(ask({"save"}), "-\"ERR no\"");
  EXPECT_EQ(ask({"shutdown"}), "-\"ERR no\"");
  EXPECT_TRUE(client.replies.admit());
  context.fail = false;
  ask({"shutdown", "nosave", "NOW"});
  EXPECT_EQ(context.log.back(), "shut down nosave now");
  EXPECT_FALSE(client.replies.admit()) << "its answer is the end of the connection";
  EXPECT_TRUE(client.close_after_reply);
}

TEST_F(Dispatch, BoundsHowLongAConnectionSleeps) {
  for (const char* asked : {"1e300", "inf", "-5", "x", "99999999999"}) {
    const Instant before = context.time;
    EXPECT_EQ(ask({"debug", "sleep", asked}), "+\"OK\"");
    EXPECT_LE(context.time - before, seconds(3'600)) << asked;
    EXPECT_GE(context.time - before, Duration{}) << asked;
  }
}

TEST_F(Dispatch, RefusesWhatConsensusGoverns) {
  for (const Argv& argv : {Argv{"replicaof", "no", "one"}, Argv{"SLAVEOF", "a", "1"},
                           Argv{"failover"}, Argv{"cluster", "meet", "a", "1"},
                           Argv{"cluster", "forget", "x"}, Argv{"cluster", "failover"}}) {
    EXPECT_NE(ask(argv).find("synchrodb-cli cluster"), std::string::npos) << argv[0];
  }
}

// What client libraries send when they connect.
TEST_F(Dispatch, GreetsClientLibraries) {
  const auto well = [&](const Argv& argv) {
    const Reply reply = serve(commands, context, client, argv);
    EXPECT_FALSE(reply.is_error()) << argv[0] << ": " << line_of(reply);
    return line_of(reply, client.resp);
  };
  well({"HELLO", "3"});  // node-redis
  well({"CLIENT", "SETINFO", "LIB-NAME", "node-redis"});
  well({"CLIENT", "SETINFO", "LIB-VER", "4.6.13"});
  EXPECT_NE(client_line(client, context.time).find("lib-name=node-redis lib-ver=4.6.13"),
            std::string::npos);
  EXPECT_NE(well({"INFO"}).find("loading:0"), std::string::npos);  // ioredis
  well({"CLIENT", "SETNAME", "me"});
  well({"SELECT", "0"});      // redis-py
  well({"COMMAND", "DOCS"});  // redis-cli
  well({"COMMAND"});
  EXPECT_EQ(well({"CONFIG", "GET", "save"}), "{\"save\": \"\"}");  // redis-benchmark
  EXPECT_EQ(well({"CONFIG", "GET", "appendonly"}), "{\"appendonly\": \"yes\"}");
  well({"CLUSTER", "SLOTS"});
  well({"CLUSTER", "SHARDS"});
  well({"FUNCTION", "FLUSH"});
}

TEST_F(Dispatch, TellsClientsOfBothTables) {
  const auto names = [&](const Argv& argv) {
    std::set<std::string> all;
    const Reply reply = serve(commands, context, client, argv);
    for (const Reply& name : reply.elements()) {
      all.insert(name.text());
    }
    return all;
  };
  const auto all = names({"command", "list"});
  EXPECT_TRUE(all.contains("get"));
  EXPECT_TRUE(all.contains("info"));
  EXPECT_TRUE(all.contains("client|id"));
  const auto count = serve(commands, context, client, {"command", "count"}).number();
  EXPECT_EQ(serve(commands, context, client, {"command"}).elements().size(),
            static_cast<std::size_t>(count));
  EXPECT_EQ(serve(commands, context, client, {"command", "docs"}).elements().size(),
            2 * static_cast<std::size_t>(count));
  const auto strings = names({"command", "list", "filterby", "aclcat", "string"});
  EXPECT_TRUE(strings.contains("get"));
  EXPECT_FALSE(strings.contains("del"));
  EXPECT_EQ(names({"acl", "cat", "string"}), strings);
  EXPECT_EQ(names({"acl", "cat", "transaction"}),
            std::set<std::string>(
                {"discard", "exec", "multi", "synchrodb.versions", "unwatch", "watch"}));
  const std::string docs = ask({"command", "docs", "client|setname"});
  EXPECT_EQ(docs,
            "[\"client|setname\", [\"summary\", \"Set the current connection name.\", \"since\", "
            "\"2.6.9\", \"group\", \"connection\", \"complexity\", \"O(1)\", \"arguments\", "
            "[[\"name\", \"connection-name\", \"type\", \"string\"]]]]");
}

// No arguments, however odd, may do harm, and an error is one line.
TEST_F(Dispatch, SurvivesOddArguments) {
  const Argv words = {"",        "0",      "-1",     "9223372036854775807",
                      "x",       "\r\n\"", "on",     "type",
                      "id",      "k",      "count",  "filterby",
                      "pattern", "*",      "normal", "abort",
                      "auth",    "setname"};
  std::uint32_t random = 1;
  const auto draw = [&](std::size_t limit) {
    random = random * 1664525u + 1013904223u;
    return static_cast<std::size_t>(random >> 8) % limit;
  };
  const auto all = server_commands();
  for (int i = 0; i < 20'000; ++i) {
    const ServerCommand& command = *all[draw(all.size())];
    Argv argv = {std::string(command.spec.name)};
    if (!command.subcommands.empty() && draw(10) > 0) {
      const auto& sub = command.subcommands[draw(command.subcommands.size())].spec.name;
      argv.emplace_back(sub.substr(sub.find('|') + 1));
    }
    for (std::size_t more = draw(5); more > 0; --more) argv.push_back(words[draw(words.size())]);
    const Reply reply = serve(commands, context, client, argv);
    if (!reply.is_error()) continue;
    EXPECT_EQ(reply.text().find_first_of("\r\n"), std::string::npos) << argv[0];
    EXPECT_NE(reply.text().find(' '), std::string::npos) << reply.text();
  }
}

}  // namespace
}  // namespace synchrodb::net::testing
