// CLIENT: what connections see of each other, and do to each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/net/support/commands_support.h"

namespace synchrodb::net::testing {
namespace {

class ClientCommands : public ::testing::Test {
 protected:
  ClientCommands() {
    commands.greet(a);
    commands.greet(b);
  }

  std::string ask(const Argv& argv) { return line_of(serve(commands, context, a, argv)); }
  std::size_t listed(const Argv& argv) {
    const std::string lines = serve(commands, context, a, argv).text();
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  FakeContext context;
  ServerCommands commands{context};
  ClientState& a = context.connect();
  ClientState& b = context.connect();
};

TEST_F(ClientCommands, ALineHasRedisFieldsInRedisOrder) {
  context.time = context.time + seconds(7);
  a.last_interaction = context.time - seconds(3);
  a.fd = 12;
  ask({"client", "setname", "me"});
  EXPECT_EQ(
      serve(commands, context, a, {"client", "info"}).text(),
      "id=1 addr=127.0.0.1:50001 laddr=127.0.0.1:7001 fd=12 name=me age=7 idle=3 flags=N db=0 "
      "sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 "
      "obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=client|info user=default redir=-1 resp=2 "
      "lib-name= lib-ver=\n");
}

TEST_F(ClientCommands, FlagsTellWhatAConnectionIsUpTo) {
  EXPECT_EQ(client_flags(a), "N");
  ask({"client", "no-evict", "on"});
  ask({"client", "no-touch", "ON"});
  ask({"readonly"});
  ask({"multi"});
  EXPECT_EQ(client_flags(a), "xreT");
  ask({"reset"});
  EXPECT_EQ(client_flags(a), "N");
  a.blocked = a.close_at_once = a.unix_socket = true;
  EXPECT_EQ(client_flags(a), "bAU");
}

TEST_F(ClientCommands, ListsByIdAndKind) {
  EXPECT_EQ(listed({"client", "list"}), 2u);
  EXPECT_EQ(listed({"client", "list", "id", "2"}), 1u);
  EXPECT_EQ(listed({"client", "list", "id", "1", "2", "2", "3"}), 3u) << "as often as named";
  EXPECT_EQ(listed({"client", "list", "type", "normal"}), 2u);
  EXPECT_EQ(listed({"client", "list", "type", "pubsub"}), 0u);
}

TEST_F(ClientCommands, KillsOthersAtOnceAndItselfAfterTheReply) {
  EXPECT_EQ(ask({"client", "kill", "type", "normal"}), ":1");
  EXPECT_TRUE(b.close_at_once);
  EXPECT_FALSE(a.close_at_once || a.close_after_reply) << "SKIPME is the default";
  EXPECT_EQ(context.log, Argv({"close 2"}));
  EXPECT_EQ(ask({"client", "kill", "127.0.0.1:50001"}), "+\"OK\"");
  EXPECT_TRUE(a.close_after_reply);
  EXPECT_FALSE(a.close_at_once);
}

TEST_F(ClientCommands, UnblocksOnlyWhoWaits) {
  EXPECT_EQ(ask({"client", "unblock", "2"}), ":0");
  b.blocked = true;
  EXPECT_EQ(ask({"client", "unblock", "2"}), ":1");
  EXPECT_EQ(ask({"client", "unblock", "2", "error"}), ":1");
  EXPECT_EQ(context.log, Argv({"unblock 2", "unblock 2 with an error"}));
  EXPECT_EQ(ask({"client", "unblock", "7"}), ":0");
}

TEST_F(ClientCommands, PausesAndGoesOn) {
  EXPECT_EQ(ask({"client", "pause", "1500", "write"}), "+\"OK\"");
  EXPECT_EQ(commands.pause().postponed(a.session, {"set", "k", "v"}, context.time),
            context.time + milliseconds(1'500));
  EXPECT_FALSE(commands.pause().postponed(a.session, {"get", "k"}, context.time));
  EXPECT_EQ(ask({"client", "unpause"}), "+\"OK\"");
  EXPECT_FALSE(commands.pause().postponed(a.session, {"set", "k", "v"}, context.time));
  EXPECT_EQ(context.log, Argv({"pause changed", "pause changed"}));
  EXPECT_TRUE(ask({"client", "pause", "9223372036854775807"}).starts_with("-\"ERR timeout is out"));
}

TEST_F(ClientCommands, TellsWhatWasAskedLastWhateverBecameOfIt) {
  const auto last = [this](const Argv& argv) {
    ask(argv);
    return std::string(a.last_command);
  };
  EXPECT_EQ(last({"get", "k"}), "get");
  EXPECT_EQ(last({"nosuch"}), "NULL");
  EXPECT_EQ(last({"get"}), "get");
  EXPECT_EQ(last({"client", "id", "x"}), "client|id");
  EXPECT_EQ(last({"client", "nosuch"}), "NULL");
  EXPECT_EQ(last({"client"}), "client");
  EXPECT_EQ(last({"multi"}), "multi");
  EXPECT_EQ(last({"set", "k", "v"}), "set");
  EXPECT_EQ(last({"client", "id"}), "client|id");
  EXPECT_EQ(last({"exec"}), "exec");
}

TEST_F(ClientCommands, AResetIsAnsweredAfterOffButNotAfterSkip) {
  ask({"client", "reply", "off"});
  EXPECT_FALSE(a.replies.admit());
  EXPECT_EQ(ask({"reset"}), "+\"RESET\"");
  EXPECT_TRUE(a.replies.admit());
  ask({"client", "reply", "skip"});
  EXPECT_FALSE(a.replies.admit());
  ask({"reset"});
  EXPECT_FALSE(a.replies.admit());
  ask({"ping"});
  EXPECT_TRUE(a.replies.admit());
}

TEST_F(ClientCommands, LibrariesIntroduceThemselves) {
  EXPECT_EQ(ask({"client", "setinfo", "LIB-name", "redis-py"}), "+\"OK\"");
  EXPECT_EQ(ask({"client", "setinfo", "lib-ver", "4 3"}),
            "-\"ERR lib-ver cannot contain spaces, newlines or special characters.\"");
  EXPECT_EQ(ask({"client", "setinfo", "nosuch", "x"}), "-\"ERR Unrecognized option 'nosuch'\"");
  EXPECT_EQ(a.library_name, "redis-py");
}

TEST_F(ClientCommands, TrackingIsRefusedClearly) {
  EXPECT_EQ(ask({"client", "tracking", "on"}),
            "-\"ERR client tracking is not supported by SynchroDB\"");
}

TEST_F(ClientCommands, QuitClosesAfterItsAnswer) {
  EXPECT_EQ(ask({"quit"}), "+\"OK\"");
  EXPECT_TRUE(a.close_after_reply);
  EXPECT_TRUE(a.replies.admit());
}

}  // namespace
}  // namespace synchrodb::net::testing
