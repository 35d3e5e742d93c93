// How the client library goes on after each answer of a node, against nodes that answer by a list.
#include "engine/client/client.h"

#include <gtest/gtest.h>

#include <deque>

#include "engine/kv/errors.h"
#include "engine/session/gateway.h"

namespace synchrodb {
namespace {

// One fiber, the test itself: whoever parks waits for the deadline, and time is there at once.
class OneFiber final : public Fibers, public Clock {
 public:
  Fiber* spawn(const char*, std::function<void()>) override { return nullptr; }
  Fiber* current() override { return nullptr; }
  bool park(Instant deadline) override {
    now_ = std::max(now_, deadline);
    return false;
  }
  void wake(Fiber*) override {}
  void cancel(Fiber*) override {}
  Instant now() override { return now_; }
  WallInterval wall_now() override { return {}; }

 private:
  Instant now_{};
};

class Counting final : public RandomStream {
 public:
  std::uint64_t next() override { return ++drawn_ << 32; }

 private:
  std::uint64_t drawn_ = 0;
};

using Status = ClientReply::Status;

// Answers the calls in their order; the last answer is given for ever.
class Scripted final : public Transport {
 public:
  explicit Scripted(OneFiber& time) : time_(time) {}

  void then(Status status, std::uint64_t leader = 0, std::string why = "") {
    ClientReply reply;
    reply.status = status;
    reply.leader = NodeId{leader};
    reply.why = std::move(why);
    reply.reply = Reply::integer(7);
    answers_.emplace_back(std::move(reply));
  }
  void then_nothing() { answers_.emplace_back(Error{ErrorCode::kTimeout, "no answer"}); }

  bool send(PeerMessage) override { return true; }
  void call(NodeId to, ClientRequest request, Instant deadline, Done done) override {
    asked.push_back(to.value);
    payloads.push_back(std::move(request.payload));
    Result<ClientReply> answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    if (!answer) time_.park(deadline);
    done(std::move(answer));
  }
  void serve(PeerHandler*) override {}

  std::vector<std::uint64_t> asked;
  std::vector<std::string> payloads;

 private:
  OneFiber& time_;
  std::deque<Result<ClientReply>> answers_;
};

class ClientTest : public ::testing::Test {
 protected:
  static ClientOptions options() {
    ClientOptions options;
    options.attempt_timeout = seconds(1);
    options.call_timeout = seconds(5);
    options.overload_patience = milliseconds(200);
    return options;
  }

  Outcome read() { return client_.read({"GET", "k"}, ReadConsistency::kLinearizable); }

  // Of node 1.
  Gateway make_gateway() {
    return {time_, time_, nodes_, random_, NodeId{1}, [this] { return leader_; }, GatewayOptions{}};
  }

  OneFiber time_;
  Counting random_;
  Scripted nodes_{time_};
  NodeId leader_;  // as the gateway's node knows it
  Client client_{time_, time_, nodes_, random_, options(), {NodeId{1}, NodeId{2}, NodeId{3}}};
};

TEST_F(ClientTest, GoesWhereTheLeaderIsSaidToBeAndStaysThere) {
  nodes_.then(Status::kNotLeader, 3);
  nodes_.then(Status::kOk);
  EXPECT_EQ(read().kind, Outcome::Kind::kOk);
  EXPECT_EQ(nodes_.asked.back(), 3U);
  EXPECT_EQ(read().kind, Outcome::Kind::kOk);
  EXPECT_EQ(nodes_.asked.size(), 3U);
  EXPECT_EQ(nodes_.asked.back(), 3U);
}

TEST_F(ClientTest, AWriteOfUnknownOutcomeIsAskedForAgainUnderTheSameName) {
  nodes_.then(Status::kOk);  // opens the session
  nodes_.then_nothing();
  nodes_.then(Status::kUnknown);
  nodes_.then(Status::kOk);
  EXPECT_EQ(client_.write({"SET", "k", "v"}).kind, Outcome::Kind::kOk);
  ASSERT_EQ(nodes_.payloads.size(), 4U);
  EXPECT_EQ(nodes_.payloads[1], nodes_.payloads[2]);
  EXPECT_EQ(nodes_.payloads[2], nodes_.payloads[3]);
}

TEST_F(ClientTest, OverloadEndsPatienceOnlyWhileNothingWasExecutedForSure) {
  nodes_.then(Status::kOverloaded);
  const Outcome refused = read();
  EXPECT_EQ(refused.kind, Outcome::Kind::kFailed);
  EXPECT_TRUE(refused.overloaded);
  EXPECT_LT(time_.now(), Instant{} + seconds(1));

  nodes_.then(Status::kOk);  // opens the session
  nodes_.then_nothing();
  nodes_.then(Status::kOverloaded);
  const Instant begun = time_.now();
  EXPECT_EQ(client_.write({"SET", "k", "v"}).kind, Outcome::Kind::kUnknown);
  EXPECT_GE(time_.now() - begun, seconds(5));
}

TEST_F(ClientTest, WithoutMemoryThereIsNothingToWaitFor) {
  nodes_.then(Status::kRefused, 2, std::string(errors::kOutOfMemory));
  const Outcome refused = read();
  EXPECT_EQ(refused.kind, Outcome::Kind::kFailed);
  EXPECT_EQ(refused.reply.kind(), Reply::Kind::kError);
  EXPECT_EQ(nodes_.asked.size(), 1U);
}

// A leader that was cut off does not answer: without the node's own news of another, each client of
// the pool would wait for it once more.
TEST_F(ClientTest, AGatewayBeginsWithTheLeaderThatItsNodeKnows) {
  Gateway gateway = make_gateway();
  nodes_.then(Status::kOk);
  leader_ = NodeId{3};
  gateway.read("", ReadConsistency::kLinearizable);
  leader_ = NodeId{2};
  gateway.read("", ReadConsistency::kLinearizable);
  leader_ = NodeId{};
  gateway.read("", ReadConsistency::kLinearizable);
  EXPECT_EQ(nodes_.asked, (std::vector<std::uint64_t>{3, 2, 1}));
}

TEST_F(ClientTest, AStaleReadOfAGatewayNeedsNoOtherNode) {
  Gateway gateway = make_gateway();
  nodes_.then(Status::kOk);
  leader_ = NodeId{3};
  gateway.read("", ReadConsistency::kLinearizable);
  gateway.read("", ReadConsistency::kStale);
  EXPECT_EQ(nodes_.asked, (std::vector<std::uint64_t>{3, 1}));
}

// A read that nobody answered and that was then refused was given up for the same reason.
TEST_F(ClientTest, WhatOverloadRefusedIsCountedHoweverItBegan) {
  Gateway gateway = make_gateway();
  nodes_.then_nothing();
  nodes_.then(Status::kOverloaded);
  gateway.read("", ReadConsistency::kLinearizable);
  EXPECT_EQ(gateway.overloaded(), 1U);
  gateway.read("", ReadConsistency::kLinearizable);
  EXPECT_EQ(gateway.overloaded(), 2U);
}

}  // namespace
}  // namespace synchrodb
