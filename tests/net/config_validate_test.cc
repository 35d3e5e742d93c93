#include "net/config/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/config/option_table.h"

namespace synchrodb::net {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Assignments = std::map<std::string, std::string>;

ServerOptions with(const Assignments& assignments) {
  ServerOptions options;
  for (const auto& [name, text] : assignments) {
    const OptionSpec* spec = find_option(name);
    EXPECT_NE(spec, nullptr) << name;
    const Result<> set = set_option(options, *spec, text);
    EXPECT_TRUE(set.ok()) << name << ": " << (set ? "" : set.error().message);
  }
  return options;
}

std::string refusal(const Assignments& assignments) {
  const Result<> result = validate(with(assignments));
  return result ? "" : result.error().message;
}

const Assignments kThreeNodes{{"initial-cluster", "1=h1:17379,2=h2:17379,3=h3:17379"}};

Assignments three_nodes_and(const Assignments& more) {
  Assignments all = more;
  all.insert(kThreeNodes.begin(), kThreeNodes.end());
  return all;
}

TEST(ValidateOptions, FoundersKnowThemselves) {
  EXPECT_EQ(refusal(kThreeNodes), "");
  EXPECT_EQ(refusal(three_nodes_and({{"node-id", "4"}})),
            "node-id: 4 is not in initial-cluster; a node that is added later uses join");
  EXPECT_EQ(refusal(three_nodes_and({{"port", "7001"}})),
            "initial-cluster: 1=h1:17379 is this node, but its rpc-port is 17001 (where ports are "
            "translated, see advertise-rpc-port)");
  EXPECT_EQ(refusal(three_nodes_and({{"port", "7001"}, {"advertise-rpc-port", "17379"}})), "");
  EXPECT_THAT(refusal({{"initial-cluster", "1=a:17379,1=b:17379"}}), HasSubstr("repeats an id"));
  EXPECT_THAT(refusal({{"initial-cluster", "1=a:17379,2=a:17379"}}), HasSubstr("repeats an id"));
}

TEST(ValidateOptions, FoundingAndJoiningExcludeEachOther) {
  EXPECT_THAT(refusal(three_nodes_and({{"join", "h1:1"}})),
              StartsWith("initial-cluster and join exclude each other"));
  EXPECT_EQ(refusal({{"join", "h1:1"}}), "");
  EXPECT_TRUE(founding_members(with({{"join", "h1:1"}})).empty());
}

TEST(ValidateOptions, ANodeThatJoinsCanBeReached) {
  EXPECT_THAT(refusal({{"join", "h1:1"}, {"bind", "0.0.0.0"}}), StartsWith("advertise-host: must"));
  EXPECT_EQ(refusal({{"join", "h1:1"}, {"bind", "0.0.0.0"}, {"advertise-host", "me"}}), "");
  EXPECT_EQ(refusal({{"join", "h1:1"}, {"bind", "0.0.0.0"}, {"rpc-bind", "10.0.0.9"}}), "");
  EXPECT_THAT(refusal({{"advertise-host", "*"}}), StartsWith("advertise-host: '*' is not a host"));
}

TEST(ValidateOptions, AdvertisesWhatOthersKnow) {
  EXPECT_EQ(to_string(advertised_rpc(with(three_nodes_and({{"node-id", "2"}})))), "h2:17379");
  const ServerOptions translated =
      with({{"advertise-host", "outside"}, {"advertise-port", "80"}, {"advertise-rpc-port", "81"}});
  EXPECT_EQ(to_string(advertised_resp(translated)), "outside:80");
  EXPECT_EQ(to_string(advertised_rpc(translated)), "outside:81");
  EXPECT_EQ(advertised_tls_port(translated), 0);
  EXPECT_EQ(to_string(advertised_rpc(with({{"bind", "*"}}))), "127.0.0.1:17379");
}

TEST(ValidateOptions, PortsAreThereAndDiffer) {
  EXPECT_EQ(refusal({{"port", "0"}}), "port and tls-port are both 0: no client could connect");
  EXPECT_EQ(refusal({{"rpc-port", "7379"}}), "port and rpc-port are both 7379");
  EXPECT_EQ(refusal({{"http-port", "17379"}}), "rpc-port and http-port are both 17379");
  EXPECT_THAT(refusal({{"port", "60000"}}), StartsWith("rpc-port: must be given"));
  EXPECT_THAT(refusal({{"port", "50000"}}), StartsWith("http-port: must be given"));
  EXPECT_EQ(refusal({{"port", "60000"}, {"rpc-port", "1"}, {"http-port", "0"}}), "");
}

TEST(ValidateOptions, AddressesToListenOn) {
  EXPECT_THAT(refusal({{"bind", ""}}), StartsWith("bind: at least one"));
  EXPECT_THAT(refusal({{"rpc-bind", "10.0.0.1:80"}}), StartsWith("rpc-bind: '10.0.0.1:80' is not"));
  EXPECT_EQ(refusal({{"bind", "::1 127.0.0.1"}, {"http-bind", "*"}}), "");
}

TEST(ValidateOptions, TlsHasWhatItNeeds) {
  const Assignments pair{{"tls-cert-file", "c"}, {"tls-key-file", "k"}};
  EXPECT_THAT(refusal({{"tls-cert-file", "c"}}), StartsWith("tls-cert-file and tls-key-file"));
  EXPECT_EQ(refusal({{"tls-port", "7380"}}), "tls-port: needs tls-cert-file and tls-key-file");
  EXPECT_EQ(refusal({{"tls-peers", "yes"}}), "tls-peers: needs tls-cert-file and tls-key-file");
  Assignments clients = pair;
  clients["tls-port"] = "7380";
  EXPECT_THAT(refusal(clients), StartsWith("tls-auth-clients: needs tls-ca-cert-file"));
  clients["tls-auth-clients"] = "no";
  EXPECT_EQ(refusal(clients), "");
  clients["tls-peers"] = "yes";
  EXPECT_THAT(refusal(clients), StartsWith("tls-peers: needs tls-ca-cert-file"));
  clients["tls-ca-cert-file"] = "a";
  clients["port"] = "0";
  EXPECT_EQ(refusal(clients), "");
  EXPECT_EQ(rpc_port(with(clients)), 17'380);
}

TEST(ValidateOptions, ClocksOfConsensusFitTogether) {
  EXPECT_EQ(refusal({{"heartbeat-interval-ms", "267"}}),
            "heartbeat-interval-ms: 267 is not less than a third of election-timeout-ms (800): no "
            "leader would last");
  EXPECT_EQ(refusal({{"heartbeat-interval-ms", "266"}}), "");
  EXPECT_EQ(refusal({{"election-timeout-ms", "20"}}), "");
  EXPECT_EQ(heartbeat_interval_ms(with({{"election-timeout-ms", "300"}})), 30);
  EXPECT_EQ(lease_duration_ms(with({{"election-timeout-ms", "300"}})), 270);
  EXPECT_THAT(refusal({{"lease", "classical"}, {"lease-duration-ms", "801"}}),
              StartsWith("lease-duration-ms: 801 exceeds election-timeout-ms (800)"));
  EXPECT_EQ(refusal({{"lease", "log"}, {"lease-duration-ms", "801"}}), "");
  EXPECT_EQ(refusal({{"lease", "none"}, {"reads", "lease"}}),
            "reads: lease needs one, but the option lease is none");
}

TEST(OptionAdvice, WarnsOfWhatIsRarelyMeant) {
  EXPECT_THAT(advice(with({{"bind", "0.0.0.0"}})),
              ElementsAre(StartsWith("protected-mode: clients"),
                          StartsWith("protected-mode: operators"), EndsWith("pass for a node")));
  EXPECT_THAT(advice(with({{"bind", "0.0.0.0"}, {"protected-mode", "no"}, {"requirepass", "p"}})),
              ElementsAre(EndsWith("pass for a node and administer the cluster")));
  EXPECT_THAT(advice(with({{"rpc-bind", "10.0.0.9"}, {"cluster-secret", "s"}})),
              ElementsAre(StartsWith("protected-mode: clients")));
  EXPECT_THAT(
      advice(with({{"bind", "0.0.0.0"}, {"protected-mode", "no"}, {"cluster-secret", "s"}})),
      ElementsAre(StartsWith("protected-mode: ")));
  EXPECT_THAT(advice(with({{"bind", "0.0.0.0"}, {"requirepass", "p"}, {"cluster-secret", "s"}})),
              ElementsAre());
  EXPECT_THAT(advice(with({{"persistence", "none"}, {"enable-fault-injection", "yes"}})),
              ElementsAre(StartsWith("persistence: "), StartsWith("enable-fault-injection: ")));
}

}  // namespace
}  // namespace synchrodb::net
