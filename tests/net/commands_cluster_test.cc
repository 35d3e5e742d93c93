// What a node tells about itself and its cluster: CLUSTER, INFO, ROLE, HELLO.
#include <gtest/gtest.h>

#include <string>

#include "engine/kv/hash_slot.h"
#include "net/commands/cluster_names.h"
#include "tests/net/support/commands_support.h"

namespace synchrodb::net::testing {
namespace {

constexpr const char* kName = "3031323334353637383961620000000000000001";
constexpr const char* kSecond = "3031323334353637383961620000000000000002";

// Node 1 of three; node 3 is a learner and cannot be reached.
class ClusterCommands : public ::testing::Test {
 protected:
  ClusterCommands() {
    auto& members = context.cluster_facts.members;
    members.push_back({NodeId{2}, "10.0.0.2", 7002, 7102, true, true, Index{41}, seconds(2)});
    members.push_back({NodeId{3}, "10.0.0.3", 7003, 7103, false, false, {}, {}});
    context.replica_facts.term = Term{6};
    context.replica_facts.applied = Index{42};
    commands.greet(client);
  }

  Reply reply_to(const Argv& argv) { return serve(commands, context, client, argv); }
  std::string ask(const Argv& argv) { return line_of(reply_to(argv), client.resp); }
  bool info_has(const std::string& line, const std::string& section) {
    return reply_to({"info", section}).text().find(line + "\r\n") != std::string::npos;
  }
  void lead(std::uint64_t node) { context.cluster_facts.leader = NodeId{node}; }

  FakeContext context;
  ServerCommands commands{context};
  ClientState& client = context.connect();
};

TEST_F(ClusterCommands, NamesAreFortyHexDigitsOfClusterAndNode) {
  EXPECT_EQ(node_name("0123456789abcdef", NodeId{1}), kName);
  EXPECT_EQ(node_name("", NodeId{0xff}), std::string(38, '0') + "ff");
  EXPECT_EQ(ask({"cluster", "myid"}), std::string("\"") + kName + "\"");
}

TEST_F(ClusterCommands, OneShardTheLeaderFirst) {
  lead(2);
  EXPECT_EQ(ask({"cluster", "slots"}), std::string("[[:0, :16383, [\"10.0.0.2\", :7002, \"") +
                                           kSecond + "\", []], [\"127.0.0.1\", :7001, \"" + kName +
                                           "\", []]]]");
  client.resp = 3;
  const std::string shards = ask({"cluster", "shards"});
  EXPECT_TRUE(shards.starts_with("[{\"slots\": [:0, :16383], \"nodes\": [{\"id\": \"" +
                                 std::string(kSecond) +
                                 "\", \"port\": :7002, \"ip\": \"10.0.0.2\", \"endpoint\": "
                                 "\"10.0.0.2\", \"role\": \"master\", "))
      << shards;
  EXPECT_NE(shards.find("\"role\": \"replica\", \"replication-offset\": :42, \"health\": "
                        "\"online\"}"),
            std::string::npos)
      << shards;
  EXPECT_NE(shards.find("\"health\": \"fail\""), std::string::npos) << shards;
}

TEST_F(ClusterCommands, WhoCameByTlsIsToldOfTls) {
  lead(2);
  context.cluster_facts.members[1].tls_port = 7202;
  EXPECT_NE(ask({"cluster", "slots"}).find("\"10.0.0.2\", :7002"), std::string::npos);
  EXPECT_NE(ask({"cluster", "nodes"}).find("10.0.0.2:7002@"), std::string::npos);
  EXPECT_NE(ask({"cluster", "shards"}).find("\"port\", :7002, \"tls-port\", :7202, "),
            std::string::npos);
  client.tls = true;
  EXPECT_NE(ask({"cluster", "slots"}).find("\"10.0.0.2\", :7202"), std::string::npos);
  EXPECT_NE(ask({"cluster", "nodes"}).find("10.0.0.2:7202@"), std::string::npos);
  // One that has none, or is of an earlier version.
  EXPECT_NE(ask({"cluster", "nodes"}).find("127.0.0.1:7001@"), std::string::npos);
}

TEST_F(ClusterCommands, SlotsNamesNoLearner) {
  context.cluster_facts.members[2].connected = true;
  EXPECT_EQ(ask({"cluster", "slots"}).find("10.0.0.3"), std::string::npos);
  EXPECT_NE(ask({"cluster", "shards"}).find("10.0.0.3"), std::string::npos);
  context.cluster_facts.members[2].voter = true;
  EXPECT_NE(ask({"cluster", "slots"}).find("10.0.0.3"), std::string::npos);
}

TEST_F(ClusterCommands, ListsNodesAsRedisDoes) {
  EXPECT_EQ(reply_to({"cluster", "nodes"}).text(),
            std::string(kName) + " 127.0.0.1:7001@7101 myself,master - 0 0 6 connected 0-16383\n" +
                kSecond + " 10.0.0.2:7002@7102 slave " + kName + " 0 1699999998000 6 connected\n" +
                "3031323334353637383961620000000000000003 10.0.0.3:7003@7103 slave,fail? " + kName +
                " 0 0 6 disconnected\n");
  EXPECT_EQ(reply_to({"cluster", "replicas", kName}).elements().size(), 2u);
  EXPECT_EQ(ask({"cluster", "replicas", kSecond}), "-\"ERR The specified node is not a master\"");
  EXPECT_EQ(ask({"cluster", "count-failure-reports", kSecond}), ":0");
}

TEST_F(ClusterCommands, WithoutALeaderNothingIsServed) {
  lead(0);
  EXPECT_EQ(ask({"cluster", "slots"}), "[]");
  EXPECT_NE(reply_to({"cluster", "info"}).text().find("cluster_state:fail\r\n"), std::string::npos);
  EXPECT_TRUE(info_has("loading:1", "persistence"));
  EXPECT_TRUE(info_has("master_link_status:down", "replication"));
  EXPECT_EQ(ask({"role"}), "[\"slave\", \"\", :0, \"connect\", :42]");
  lead(2);
  EXPECT_NE(reply_to({"cluster", "info"}).text().find("cluster_state:ok\r\n"), std::string::npos);
  EXPECT_TRUE(info_has("loading:0", "persistence"));
}

TEST_F(ClusterCommands, ShowsTheLastMasterUntilThereIsAnother) {
  lead(0);
  context.cluster_facts.last_leader = NodeId{2};
  context.cluster_facts.members[1].connected = false;
  EXPECT_TRUE(ask({"cluster", "slots"}).starts_with("[[:0, :16383, [\"10.0.0.2\", :7002, "));
  EXPECT_NE(reply_to({"cluster", "nodes"}).text().find(" master,fail? - 0 "), std::string::npos);
  EXPECT_NE(ask({"cluster", "shards"}).find("\"master\""), std::string::npos);
  EXPECT_NE(reply_to({"cluster", "info"}).text().find("cluster_state:fail\r\n"), std::string::npos);
  EXPECT_EQ(ask({"role"}), "[\"slave\", \"\", :0, \"connect\", :42]");
  lead(1);
  EXPECT_TRUE(ask({"cluster", "slots"}).starts_with("[[:0, :16383, [\"127.0.0.1\", :7001, "));
}

TEST_F(ClusterCommands, RoleIsMasterWhereTheLeaderIs) {
  EXPECT_EQ(ask({"role"}), "[\"master\", :42, [[\"10.0.0.2\", \"7002\", \"41\"]]]");
  EXPECT_TRUE(info_has("role:master", "replication"));
  EXPECT_TRUE(info_has("slave0:ip=10.0.0.2,port=7002,state=online,offset=41,lag=2", "replication"));
  EXPECT_NE(ask({"hello"}).find("\"role\", \"master\""), std::string::npos);
  lead(2);
  EXPECT_EQ(ask({"role"}), "[\"slave\", \"10.0.0.2\", :7002, \"connected\", :42]");
  EXPECT_TRUE(info_has("role:slave", "replication"));
  EXPECT_TRUE(info_has("master_host:10.0.0.2", "replication"));
  EXPECT_TRUE(info_has("master_port:7002", "replication"));
  EXPECT_NE(ask({"hello"}).find("\"role\", \"replica\""), std::string::npos);
}

TEST_F(ClusterCommands, FindsTheKeysOfASlot) {
  for (int i = 0; i < 2'500; ++i) reply_to({"set", "{tag}" + std::to_string(i), "v"});
  for (int i = 0; i < 200; ++i) reply_to({"set", "other" + std::to_string(i), "v"});
  const std::string slot = std::to_string(hash_slot("tag"));
  EXPECT_EQ(ask({"cluster", "countkeysinslot", slot}), ":2500");
  const Reply keys = reply_to({"cluster", "getkeysinslot", slot, "1700"});
  ASSERT_EQ(keys.elements().size(), 1'700u);
  for (const Reply& key : keys.elements()) EXPECT_TRUE(key.text().starts_with("{tag}"));
  EXPECT_EQ(reply_to({"cluster", "getkeysinslot", slot, "9999"}).elements().size(), 2'500u);
}

TEST_F(ClusterCommands, InfoHasTheSectionsThatAreAskedFor) {
  const auto titles = [&](const Argv& argv) {
    std::string all;
    const std::string text = reply_to(argv).text();
    for (std::size_t at = text.find("# "); at != std::string::npos; at = text.find("# ", at + 1)) {
      all += text.substr(at + 2, text.find('\r', at) - at - 2) + " ";
    }
    return all;
  };
  const std::string ordinary =
      "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster "
      "Keyspace ";
  const std::string all =
      "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats "
      "Latencystats Cluster Keyspace ";
  EXPECT_EQ(titles({"info"}), ordinary);
  EXPECT_EQ(titles({"info", "default"}), ordinary);
  EXPECT_EQ(titles({"info", "ALL"}), all);
  EXPECT_EQ(titles({"info", "everything"}), all);
  EXPECT_EQ(titles({"info", "keyspace", "Server", "server", "nosuch"}), "Server Keyspace ");
  EXPECT_EQ(titles({"info", "default", "commandstats"}),
            "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats "
            "Errorstats Cluster Keyspace ");
  EXPECT_EQ(reply_to({"info", "nosuch"}).text(), "");
}

TEST_F(ClusterCommands, InfoTellsTheFacts) {
  context.time = context.time + seconds(90'000);
  context.process_facts.heap_bytes = 2'500'000;
  context.process_facts.resident_bytes = 5'000'000;
  context.replica_facts.keys = 5;
  context.replica_facts.expiring_keys = 2;
  EXPECT_TRUE(info_has("redis_version:7.0.15", "server"));
  EXPECT_TRUE(info_has("synchrodb_version:9.8.7", "server"));
  EXPECT_TRUE(info_has("tcp_port:7001", "server"));
  EXPECT_TRUE(info_has("connected_clients:1", "clients"));
  EXPECT_TRUE(info_has("used_memory_human:2.38M", "memory"));
  EXPECT_TRUE(info_has("mem_fragmentation_ratio:2.00", "memory"));
  EXPECT_TRUE(info_has("db0:keys=5,expires=2,avg_ttl=0", "keyspace"));
  EXPECT_TRUE(info_has("cluster_enabled:1", "cluster"));
  EXPECT_TRUE(info_has("master_repl_offset:42", "replication"));
}

TEST_F(ClusterCommands, TellsWhatMemoryIsUsedFor) {
  EXPECT_EQ(ask({"memory", "usage", "k"}), "nil");
  reply_to({"set", "k", std::string(1'000, 'x')});
  EXPECT_GE(reply_to({"memory", "usage", "k", "samples", "0"}).number(), 1'001);
  EXPECT_NE(ask({"memory", "stats"}).find("\"keys.count\", :0"), std::string::npos);
  EXPECT_NE(ask({"memory", "doctor"}).find("very little memory"), std::string::npos);
  context.process_facts.heap_bytes = 50u << 20;
  EXPECT_NE(ask({"memory", "doctor"}).find("can't find any"), std::string::npos);
  context.process_facts.resident_bytes = 100u << 20;
  EXPECT_NE(ask({"memory", "doctor"}).find("Fragmentation"), std::string::npos);
}

}  // namespace
}  // namespace synchrodb::net::testing
