// Who is let in at a node's RPC port.
#include "net/server/node_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loop/refusal.h"
#include "net/random/seeded_stream.h"

namespace synchrodb::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

capnp::Data::Reader as_data(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

// A node that somebody calls; what a call is refused with is its result, empty: nothing.
class Door {
 public:
  explicit Door(Loop& loop) : loop_(loop) {}

  wire::Node::Client open(bool vouched_for) {
    return kj::heap<NodeService>(
        identity, book_, transport_, [] {},
        [this]() -> const SecuritySettings& { return security; },
        []() -> wire::Administration::Client { return nullptr; },
        []() -> wire::Database::Client { return nullptr; },
        Visitor{vouched_for, [this](Caller caller) { admitted.push_back(caller); }});
  }
  std::string client(bool vouched_for, const std::string& password = "") {
    auto request = open(vouched_for).databaseRequest();
    request.setPassword(as_data(password));
    return refusal_of(request.send().ignoreResult());
  }
  std::string an_operator(bool vouched_for, const std::string& password = "") {
    auto request = open(vouched_for).administrationRequest();
    request.setPassword(as_data(password));
    return refusal_of(request.send().ignoreResult());
  }
  std::string peer(bool vouched_for) {
    const ClusterIdentity caller{NodeId{2}, identity.cluster, identity.secret, "test"};
    auto request = open(vouched_for).peerRequest();
    write_hello(request.initHello(), caller, NodeId{1}, book_);
    return refusal_of(request.send().ignoreResult());
  }

  ClusterIdentity identity{NodeId{1}, std::string(16, 'c'), "", "test"};
  SecuritySettings security;
  std::vector<Caller> admitted;

 private:
  std::string refusal_of(kj::Promise<void> call) {
    try {
      loop_.await(kj::mv(call));
      return "";
    } catch (const kj::Exception& exception) {
      return words_of(exception);
    }
  }

  Loop& loop_;
  AddressBook book_;
  SeededStream dice_;
  PeerDialer dialer_{loop_, nullptr, ""};
  RpcTransport transport_{loop_, dialer_, identity, book_, dice_, TransportOptions{}};
};

template <class Body>
void with_door(Body body) {
  Loop loop;
  std::unique_ptr<Door> door;
  loop.run([&] {
    door = std::make_unique<Door>(loop);
    body(*door);
    loop.stop();
  });
}

TEST(NodeService, ProtectedModeKeepsClientsOfOtherMachinesOutUntilThereIsAPassword) {
  with_door([](Door& door) {
    EXPECT_THAT(door.client(false),
                AllOf(StartsWith("SynchroDB is running in protected mode"),
                      HasSubstr("no requirepass is set"), HasSubstr("set a password (requirepass)"),
                      HasSubstr("protected-mode no")));
    EXPECT_THAT(door.client(false, "guess"), HasSubstr("protected mode"));
    EXPECT_THAT(door.admitted, IsEmpty());
    EXPECT_EQ(door.client(true), "");
    door.security.requirepass = "p";
    EXPECT_THAT(door.client(false), HasSubstr("the password is wrong"));
    EXPECT_THAT(door.client(true), HasSubstr("the password is wrong"));
    EXPECT_EQ(door.client(false, "p"), "");
    door.security.requirepass = "";
    door.security.protected_mode = false;
    EXPECT_EQ(door.client(false), "");
    EXPECT_THAT(door.admitted, ElementsAre(Caller::kClient, Caller::kClient, Caller::kClient));
  });
}

TEST(NodeService, ProtectedModeKeepsOperatorsOfOtherMachinesOutUntilThereIsASecret) {
  with_door([](Door& door) {
    door.security.requirepass = "of clients";
    EXPECT_THAT(door.an_operator(false), AllOf(StartsWith("SynchroDB is running in protected mode"),
                                               HasSubstr("no cluster-secret is set"),
                                               HasSubstr("set a password (cluster-secret)"),
                                               HasSubstr("protected-mode no")));
    EXPECT_THAT(door.admitted, IsEmpty());
    EXPECT_EQ(door.an_operator(true), "");
    door.security.protected_mode = false;
    EXPECT_EQ(door.an_operator(false), "");
    door.security.protected_mode = true;
    door.identity.secret = "s";
    EXPECT_THAT(door.an_operator(false), HasSubstr("the password is wrong"));
    EXPECT_EQ(door.an_operator(false, "s"), "");
  });
}

TEST(NodeService, ProtectedModeIsNoConcernOfNodes) {
  with_door([](Door& door) {
    EXPECT_EQ(door.peer(false), "");
    EXPECT_THAT(door.admitted, ElementsAre(Caller::kPeer));
  });
}

}  // namespace
}  // namespace synchrodb::net
