// Which node a program turns to, and when it gives up.
#include "net/client/node_link.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace synchrodb::net {
namespace {

// As the other end of a connection says it that shows no certificate to its liking.
constexpr char kDistrust[] = "OpenSSL error; message = error:0A000418::tlsv1 alert unknown ca";
constexpr auto kLost = kj::Exception::Type::DISCONNECTED;

// Answers every login with an exception, or with a database that is of no use.
class FakeNode final : public wire::Node::Server {
 public:
  explicit FakeNode(kj::Maybe<kj::Exception> failure) : failure_(kj::mv(failure)) {}

 protected:
  kj::Promise<void> database(DatabaseContext context) override {
    KJ_IF_MAYBE (failure, failure_) return kj::cp(*failure);
    context.getResults().setDatabase(nullptr);
    return kj::READY_NOW;
  }

 private:
  kj::Maybe<kj::Exception> failure_;
};

class NodeLinkTest : public testing::Test {
 protected:
  ~NodeLinkTest() noexcept override {}  // KJ's objects may throw while they die: that ends the test

  Destination node(kj::Maybe<kj::Exception> failure) {
    auto address = io_.provider->getNetwork().parseAddress("127.0.0.1").wait(io_.waitScope);
    auto port = address->listen();
    const Destination destination{"127.0.0.1", static_cast<std::uint16_t>(port->getPort())};
    auto server = kj::heap<capnp::TwoPartyServer>(kj::heap<FakeNode>(kj::mv(failure)));
    auto serving = server->listen(*port);
    serving_.add(serving.attach(kj::mv(server), kj::mv(port)).eagerlyEvaluate(nullptr));
    return destination;
  }
  Destination node_that_fails(kj::Exception::Type type, const char* words) {
    return node(kj::Exception(type, "somewhere", 1, kj::heapString(words)));
  }
  void know(std::vector<Destination> nodes) {
    link_ = std::make_unique<NodeLink>(*dialer_, std::move(nodes), "", 5 * kj::SECONDS);
  }

  enum Outcome { kConnected, kTryAgain, kGiveUp };
  Outcome attempt() {
    return link_->get()
        .then([](auto&&) { return kConnected; },
              [this](kj::Exception&& exception) {
                return link_->worth_another_attempt(exception) ? kTryAgain : kGiveUp;
              })
        .wait(io_.waitScope);
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::unique_ptr<Dialer> dialer_ = std::move(Dialer::make(io_, DialOptions())).value();
  kj::Vector<kj::Promise<void>> serving_;
  std::unique_ptr<NodeLink> link_;
};

TEST_F(NodeLinkTest, ACertificateThatNoNodeBelievesIsTheEnd) {
  know({node_that_fails(kLost, kDistrust)});
  EXPECT_EQ(attempt(), kGiveUp);
}

TEST_F(NodeLinkTest, AnotherNodeMayBelieveIt) {
  know({node_that_fails(kLost, kDistrust), node_that_fails(kLost, kDistrust), node(nullptr)});
  EXPECT_EQ(attempt(), kTryAgain);
  EXPECT_EQ(attempt(), kTryAgain);
  EXPECT_EQ(attempt(), kConnected);
  know({node_that_fails(kLost, kDistrust), node_that_fails(kLost, kDistrust)});
  EXPECT_EQ(attempt(), kTryAgain);
  EXPECT_EQ(attempt(), kGiveUp);
}

TEST_F(NodeLinkTest, WhileOneNodeIsMerelyLostThereIsHope) {
  know({node_that_fails(kLost, kDistrust), node_that_fails(kLost, "connection reset by peer")});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt(), kTryAgain) << i;
}

TEST_F(NodeLinkTest, APasswordThatOneNodeRefusesIsTheEnd) {
  know({node_that_fails(kj::Exception::Type::FAILED, "the password is wrong"), node(nullptr)});
  EXPECT_EQ(attempt(), kGiveUp);
}

}  // namespace
}  // namespace synchrodb::net
