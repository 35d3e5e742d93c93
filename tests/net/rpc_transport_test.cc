// Nodes that talk to each other over loopback, in one loop.
#include "net/peer/rpc_transport.h"

#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/env/sync.h"
#include "net/server/node_service.h"
#include "net/server/rpc_server.h"

namespace synchrodb::net {
namespace {

constexpr char kNowhere[] = "127.0.0.1:1";

class Dice final : public RandomStream {
 public:
  std::uint64_t next() override { return ++state_ * 0x9e3779b97f4a7c15; }

 private:
  std::uint64_t state_ = 0;
};

// A node: its port, its transport, and the terms of the messages that reached it.
struct TestPeer final : PeerHandler {
  TestPeer(Loop& the_loop, std::uint64_t id)
      : loop(the_loop),
        identity{NodeId{id}, std::string(16, 'c'), "", "test"},
        transport(loop, dialer, identity, book, dice, TransportOptions{}),
        server(loop, nullptr, [this](Visitor visitor) -> wire::Node::Client {
          return kj::heap<NodeService>(
              identity, book, transport, [] {},
              [this]() -> const SecuritySettings& { return security; },
              []() -> wire::Administration::Client { return nullptr; },
              []() -> wire::Database::Client { return nullptr; }, std::move(visitor));
        }) {
    auto port = loop.await(loop.io().provider->getNetwork().parseAddress("127.0.0.1"))->listen();
    address = "127.0.0.1:" + std::to_string(port->getPort());
    transport.serve(this);
    auto held = std::make_shared<kj::Own<kj::ConnectionReceiver>>(kj::mv(port));
    loop.spawn("listener", [this, held] { server.serve(kj::mv(*held)); });
    transport.learn({{identity.node, address, "", 1}});
  }

  void knows(const TestPeer& other, const std::string& where) {
    transport.learn({{other.identity.node, where, "", 1}});
  }
  void rest(Duration duration) { sleep_until(loop, monotonic_now() + duration); }
  void tell(const TestPeer& other, std::uint64_t term) {
    TimeoutNow message;
    message.term = Term{term};
    transport.send({GroupId{1}, identity.node, other.identity.node, message});
  }
  // Tells `other` again and again until something arrives, for a message may be lost.
  bool reaches(TestPeer& other) {
    other.terms.clear();
    for (int i = 0; i < 500 && other.terms.empty(); ++i) {
      tell(other, 7);
      rest(milliseconds(10));
    }
    return !other.terms.empty();
  }

  void on_message(PeerMessage message) override {
    terms.push_back(std::get<TimeoutNow>(message.message).term.value);
  }
  void on_request(ClientRequest, std::unique_ptr<Responder> responder) override {
    asked.push_back(std::move(responder));
  }
  // Asks `other`, who answers after `meanwhile`, and gives the answer.
  template <class Meanwhile>
  std::string ask(TestPeer& other, Meanwhile meanwhile, Duration patience = seconds(5)) {
    ClientRequest request;
    request.group = GroupId{1};
    request.payload = "x";
    std::string answer;
    transport.call(other.identity.node, request, monotonic_now() + patience,
                   [&](const Result<ClientReply>& reply) {
                     answer = reply ? reply.value().why : reply.error().message;
                   });
    for (int i = 0; i < 500 && answer.empty() && other.asked.empty(); ++i) rest(milliseconds(1));
    reached = !other.asked.empty();
    meanwhile();
    ClientReply reply;
    reply.why = "no idea";
    for (const auto& responder : std::exchange(other.asked, {})) responder->reply(reply);
    for (int i = 0; i < 500 && answer.empty(); ++i) rest(milliseconds(10));
    return answer;
  }

  Loop& loop;
  ClusterIdentity identity;
  SecuritySettings security;
  AddressBook book;
  Dice dice;
  PeerDialer dialer{loop, nullptr, ""};
  RpcTransport transport;
  RpcServer server;
  std::string address;
  std::vector<std::uint64_t> terms;
  std::vector<std::unique_ptr<Responder>> asked;
  bool reached = false;  // the other, by what was asked last
};

// Runs `body` with the nodes 1 and 2.
template <class Body>
void with_two(Body body) {
  Loop loop;
  std::unique_ptr<TestPeer> low;
  std::unique_ptr<TestPeer> high;
  loop.run([&] {
    low = std::make_unique<TestPeer>(loop, 1);
    high = std::make_unique<TestPeer>(loop, 2);
    body(*low, *high);
    loop.stop();
  });
}

// Each has dialled the other, and both have been heard.
void acquaint(TestPeer& low, TestPeer& high) {
  low.knows(high, high.address);
  high.knows(low, low.address);
  ASSERT_TRUE(low.reaches(high));
  ASSERT_TRUE(high.reaches(low));
  const auto dialled = [](const TestPeer& peer) { return peer.transport.counters().connects > 0; };
  for (int i = 0; i < 500 && !(dialled(low) && dialled(high)); ++i) low.rest(milliseconds(10));
  ASSERT_TRUE(dialled(low) && dialled(high));
}

TEST(RpcTransport, MessagesGoBothWays) {
  with_two(acquaint);
}

TEST(RpcTransport, TheConnectionOfTheLowerIdCarriesAnswersToo) {
  with_two([](TestPeer& low, TestPeer& high) {
    high.knows(low, kNowhere);  // so that it has no other way
    low.knows(high, high.address);
    EXPECT_TRUE(low.reaches(high));
    EXPECT_TRUE(high.transport.connected(NodeId{1}));
    EXPECT_TRUE(high.reaches(low));
    // Long enough for the own connection to be tried in vain several times.
    EXPECT_EQ(high.ask(low, [&] { high.rest(milliseconds(400)); }), "no idea");
  });
}

TEST(RpcTransport, TheConnectionOfTheHigherIdServesWhereItIsTheOnlyOne) {
  with_two([](TestPeer& low, TestPeer& high) {
    low.knows(high, kNowhere);
    high.knows(low, low.address);
    EXPECT_TRUE(high.reaches(low));
    EXPECT_TRUE(low.reaches(high));
    EXPECT_EQ(low.ask(high, [] {}), "no idea");
    EXPECT_EQ(high.ask(low, [] {}), "no idea");
  });
}

TEST(RpcTransport, WhenASharedConnectionEndsTheOtherServes) {
  with_two([](TestPeer& low, TestPeer& high) {
    acquaint(low, high);
    low.transport.forget(NodeId{2});
    EXPECT_TRUE(high.reaches(low));
    low.knows(high, high.address);  // and makes a new one
    EXPECT_TRUE(low.reaches(high));
    EXPECT_TRUE(high.reaches(low));
  });
}

TEST(RpcTransport, AConnectionThatHasEndedIsNoWay) {
  with_two([](TestPeer& low, TestPeer& high) {
    high.knows(low, kNowhere);
    low.knows(high, high.address);
    ASSERT_TRUE(low.reaches(high));
    ASSERT_TRUE(high.transport.connected(NodeId{1}));
    low.transport.forget(NodeId{2});
    // Without a word of its own that would fail.
    for (int i = 0; i < 500 && high.transport.connected(NodeId{1}); ++i)
      high.rest(milliseconds(10));
    EXPECT_FALSE(high.transport.connected(NodeId{1}));
    EXPECT_EQ(high.ask(low, [] {}), "not connected");
  });
}

TEST(RpcTransport, WhoIsForgottenIsNotSpokenTo) {
  with_two([](TestPeer& low, TestPeer& high) {
    acquaint(low, high);
    high.transport.forget(NodeId{1});
    high.rest(milliseconds(50));
    EXPECT_FALSE(high.transport.connected(NodeId{1}));
  });
}

TEST(RpcTransport, FoldersAreLearntByBothAndToldOnce) {
  with_two([](TestPeer& low, TestPeer& high) {
    low.identity.folder = std::string(16, 'l');
    high.identity.folder = std::string(16, 'h');
    unsigned learned = 0;
    low.transport.on_learned = [&] { ++learned; };
    high.knows(low, kNowhere);
    low.knows(high, high.address);
    ASSERT_TRUE(low.reaches(high));
    EXPECT_EQ(low.book.folder_of(NodeId{2}), high.identity.folder);
    EXPECT_EQ(high.book.folder_of(NodeId{1}), low.identity.folder);
    EXPECT_EQ(learned, 1U);
  });
}

// Whoever dials. Node 2 has no reason to refuse node 1, and must not be heard for all that.
TEST(RpcTransport, WhoLostItsFolderIsNotSpokenToAndNotHeard) {
  for (const bool low_dials : {true, false}) {
    with_two([&](TestPeer& low, TestPeer& high) {
      low.book.learn_folder(NodeId{2}, std::string(16, 'h'));
      high.identity.folder = std::string(16, 'x');
      high.knows(low, low_dials ? kNowhere : low.address);
      low.knows(high, low_dials ? high.address : kNowhere);
      for (int i = 0; i < 50; ++i) {
        high.tell(low, 7);
        high.rest(milliseconds(10));
      }
      EXPECT_EQ(low.terms, std::vector<std::uint64_t>{});
      EXPECT_FALSE(low.transport.connected(NodeId{2}));
      EXPECT_EQ(low.book.folder_of(NodeId{2}), std::string(16, 'h'));
    });
  }
}

// A long answer on the connection of messages would hold them up.
TEST(RpcTransport, RequestsUseTheConnectionOfTheHigherId) {
  for (const bool low_asks : {false, true}) {
    with_two([&](TestPeer& low, TestPeer& high) {
      acquaint(low, high);
      const auto end_the_connection_of_the_lower = [&] {
        low.transport.forget(NodeId{2});
        high.rest(milliseconds(100));
      };
      TestPeer& asker = low_asks ? low : high;
      EXPECT_EQ(asker.ask(low_asks ? high : low, end_the_connection_of_the_lower), "no idea");
    });
  }
}

TEST(RpcTransport, OverACutLinkNothingIsAskedAndNothingAnsweredAndNobodyIsTold) {
  with_two([](TestPeer& low, TestPeer& high) {
    acquaint(low, high);
    LinkFault cut;
    cut.drop = true;
    low.transport.set_fault(NodeId{2}, cut);
    EXPECT_EQ(low.ask(
                  high, [] {}, milliseconds(200)),
              "no answer in time");
    EXPECT_FALSE(low.reached);
    EXPECT_EQ(high.ask(
                  low, [] {}, milliseconds(200)),
              "no answer in time");
    EXPECT_TRUE(high.reached);
    low.transport.set_fault(NodeId{}, LinkFault{});
    EXPECT_EQ(low.ask(high, [] {}), "no idea");
    EXPECT_EQ(high.ask(low, [] {}), "no idea");
  });
}

TEST(RpcTransport, WhatAnEarlierLeaderWasAskedIsGivenUpWhenAnotherLeads) {
  with_two([](TestPeer& low, TestPeer& high) {
    acquaint(low, high);
    const auto led_by = [&](std::uint64_t group, std::uint64_t leader) {
      return
          [&low, group, leader] { low.transport.abandon_requests(GroupId{group}, NodeId{leader}); };
    };
    EXPECT_EQ(low.ask(high, led_by(1, 1)), "another node leads by now");
    EXPECT_EQ(low.ask(high, led_by(1, 2)), "no idea");
    EXPECT_EQ(low.ask(high, led_by(2, 1)), "no idea");
  });
}

// Over a slow link, a call that carries all that waits is heard of too late.
TEST(RpcTransport, ManyMessagesLeaveInCallsOfBoundedSizeAndInOrder) {
  with_two([](TestPeer& low, TestPeer& high) {
    constexpr std::uint64_t kMany = 10'000;
    acquaint(low, high);
    high.terms.clear();
    const std::uint64_t before = low.transport.counters().bytes_sent;
    std::uint64_t in_the_first_call = 0;
    for (std::uint64_t term = 1; term <= kMany; ++term) low.tell(high, term);
    // The transport's own callback comes before: it was asked for by the first message.
    low.loop.at_end_of_turn(
        [&] { in_the_first_call = low.transport.counters().bytes_sent - before; });
    for (int i = 0; i < 500 && high.terms.size() < kMany; ++i) low.rest(milliseconds(10));
    EXPECT_GT(in_the_first_call, 60U << 10);
    EXPECT_LE(in_the_first_call, 64U << 10);
    EXPECT_GT(low.transport.counters().bytes_sent - before, 200U << 10);
    ASSERT_EQ(high.terms.size(), kMany);
    EXPECT_TRUE(std::is_sorted(high.terms.begin(), high.terms.end()));
  });
}

// In which this process has sent data over its sockets.
unsigned segments_sent() {
  unsigned count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
      count += info.tcpi_data_segs_out;
  }
  return count;
}

// Tells, until it is heard.
void tell_and_wait(TestPeer& from, TestPeer& to) {
  to.terms.clear();
  from.tell(to, 1);
  for (int i = 0; i < 500 && to.terms.empty(); ++i) from.rest(milliseconds(1));
}

TEST(RpcTransport, WhatNobodyWaitsForWakesNobody) {
  with_two([](TestPeer& low, TestPeer& high) {
    constexpr unsigned kExchanges = 20;
    acquaint(low, high);
    low.rest(milliseconds(200));
    const Instant begin = monotonic_now();
    const unsigned before = segments_sent();
    for (unsigned i = 0; i < kExchanges; ++i) {
      tell_and_wait(low, high);
      tell_and_wait(high, low);
    }
    const unsigned sent = segments_sent() - before;
    EXPECT_GE(sent, 2 * kExchanges);
    // On a machine that is busy otherwise, what is held may have to leave by itself.
    const auto tenths = static_cast<unsigned>((monotonic_now() - begin).ns / 100'000'000);
    EXPECT_LE(sent, 2 * kExchanges + 10 + 2 * tenths);
  });
}

// How many of this process's sockets end when so long nothing is acknowledged.
int sockets_that_end_after(unsigned milliseconds) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    unsigned limit = 0;
    socklen_t size = sizeof limit;
    const bool tcp = ::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, &size) == 0;
    if (tcp && limit == milliseconds) ++count;
  }
  return count;
}

TEST(RpcTransport, NeitherEndWaitsForWhatIsNeverAcknowledged) {
  with_two([](TestPeer& low, TestPeer& high) {
    const int before = sockets_that_end_after(5'000);
    high.knows(low, kNowhere);
    low.knows(high, high.address);
    ASSERT_TRUE(low.reaches(high));
    EXPECT_EQ(sockets_that_end_after(5'000), before + 2);
  });
}

}  // namespace
}  // namespace synchrodb::net
