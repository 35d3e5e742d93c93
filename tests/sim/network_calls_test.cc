// Requests of clients, and processes that crash, pause and restart.
#include <gtest/gtest.h>

#include "tests/sim/support/toy_network.h"

namespace synchrodb::sim {
namespace {

struct CallTest : testing::Test {
  ToyNetwork toy{1, 2};
  std::vector<std::string> outcomes;

  void call(std::uint64_t to, std::int64_t timeout_ms = 100) {
    ClientRequest request;
    request.payload = "payload";
    toy.transports[100]->call(
        NodeId{to}, std::move(request), toy.clocks[100]->now() + milliseconds(timeout_ms),
        [this](const Result<ClientReply>& result) {
          const std::string when =
              "@" + std::to_string((toy.kernel.now().ns + 500'000) / 1'000'000);
          if (result.ok()) {
            outcomes.push_back("ok" + when);
          } else {
            outcomes.push_back(
                (result.error().code == ErrorCode::kTimeout ? "timeout" : "unavailable") + when);
          }
        });
  }
};

TEST_F(CallTest, AnAnswerComesOnce) {
  call(1);
  toy.run_ms(1'000);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].substr(0, 2), "ok");
  EXPECT_EQ(toy.nodes[1]->requests, std::vector<std::string>{"payload"});
  EXPECT_EQ(toy.kernel.pending_events(), 0U) << "its timer is gone";
}

TEST_F(CallTest, WithoutAnAnswerItTimesOutAtTheCallersDeadline) {
  toy.nodes[1]->answering = false;
  call(1);
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes, std::vector<std::string>{"timeout@100"});
  // A late answer is nobody's.
  toy.nodes[1]->held[0]->reply(ClientReply{});
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(CallTest, TheDeadlineIsOnTheCallersClock) {
  toy.nodes[1]->answering = false;
  toy.clocks[100]->set_drift(-500'000);
  call(1);
  call(1, 200);
  toy.run_ms(300);
  toy.clocks[100]->set_drift(-750'000);  // half as fast again, while the second waits
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"timeout@200", "timeout@500"}));
}

TEST_F(CallTest, ADeadServerRefusesOrIsSilent) {
  toy.crash(1);
  for (int i = 0; i < 200; ++i) call(1);
  toy.run_ms(1'000);
  ASSERT_EQ(outcomes.size(), 200U);
  const auto refused = std::count_if(outcomes.begin(), outcomes.end(), [](const std::string& o) {
    return o.substr(0, 11) == "unavailable";
  });
  EXPECT_GT(refused, 60);
  EXPECT_LT(refused, 140);
  EXPECT_TRUE(toy.nodes[1]->requests.empty()) << "unavailable means: certainly not delivered";
}

TEST_F(CallTest, AServerThatCrashesWithTheRequestStaysSilent) {
  toy.nodes[1]->answering = false;
  call(1);
  toy.run_ms(50);
  ASSERT_EQ(toy.nodes[1]->requests.size(), 1U);
  toy.crash(1);
  toy.nodes[1]->held.clear();
  toy.restart(1);
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes, std::vector<std::string>{"timeout@100"});
}

TEST_F(CallTest, AnAnswerFromTheDeadIsAViolation) {
  toy.nodes[1]->answering = false;
  call(1);
  toy.run_ms(50);
  toy.crash(1);
  toy.restart(1);
  toy.kernel.after(Duration{}, [&] { toy.nodes[1]->held[0]->reply(ClientReply{}); });
  EXPECT_THROW(toy.run_ms(10), AssertionFailed);
}

TEST_F(CallTest, AMessageFromTheDeadIsAViolation) {
  toy.crash(1);
  toy.kernel.after(Duration{}, [&] { toy.send(1, 2, 1); });
  EXPECT_THROW(toy.run_ms(10), AssertionFailed);
}

TEST_F(CallTest, APartitionMeansSilence) {
  toy.network.partition({{NodeId{100}, NodeId{1}}}, FaultKind::kPartitionRandom);
  call(1);
  toy.network.partition({{NodeId{2}, NodeId{100}}}, FaultKind::kPartitionRandom);
  call(2);  // arrives, but the answer does not
  call(99);
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"timeout@100", "timeout@100", "timeout@100"}));
  EXPECT_TRUE(toy.nodes[1]->requests.empty());
  EXPECT_EQ(toy.nodes[2]->requests.size(), 1U);
}

TEST_F(CallTest, AFullLinkIsUnavailableButNotWithinTheCall) {
  LinkOptions options;
  options.max_in_flight = 1;
  toy.network.set_link(NodeId{100}, NodeId{1}, options);
  call(1);
  call(1);
  EXPECT_TRUE(outcomes.empty());
  toy.run_ms(1'000);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0], "unavailable@0");
  EXPECT_EQ(outcomes[1].substr(0, 2), "ok");
}

TEST_F(CallTest, ACallerThatDiesHearsNothingMore) {
  toy.nodes[1]->answering = false;
  call(1);
  toy.run_ms(50);
  toy.crash(100);
  EXPECT_EQ(toy.kernel.pending_events(), 0U) << "nor does its timer run";
  toy.nodes[1]->held[0]->reply(ClientReply{});
  toy.run_ms(1'000);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(CallTest, APausedProcessHearsEverythingWhenItGoesOn) {
  toy.kernel.pause_owner(toy.owners[2]);
  toy.send_series(1, 2, 1, 20);
  call(2, 10'000);
  toy.run_ms(500);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
  EXPECT_TRUE(outcomes.empty());
  toy.kernel.resume_owner(toy.owners[2]);
  toy.run_ms(10);
  EXPECT_EQ(toy.nodes[2]->got.size(), 20U);
  EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(CallTest, ACrashOfAPausedProcessLosesWhatWaitedForIt) {
  toy.kernel.pause_owner(toy.owners[2]);
  toy.send_series(1, 2, 1, 20);
  toy.run_ms(500);
  EXPECT_EQ(toy.network.in_flight(), 20U);
  toy.crash(2);
  EXPECT_EQ(toy.network.in_flight(), 0U);
  toy.restart(2);
  toy.run_ms(500);
  EXPECT_TRUE(toy.nodes[2]->got.empty());
}

TEST_F(CallTest, APausedCallersTimeoutWaits) {
  toy.nodes[1]->answering = false;
  call(1);
  toy.run_ms(50);
  toy.kernel.pause_owner(toy.owners[100]);
  toy.run_ms(450);
  EXPECT_TRUE(outcomes.empty());
  toy.kernel.resume_owner(toy.owners[100]);
  toy.run_ms(10);
  EXPECT_EQ(outcomes, std::vector<std::string>{"timeout@500"});
}

TEST_F(CallTest, ManyEndpointsAndCallsLeakNothing) {
  for (std::uint64_t id = 101; id < 160; ++id) toy.add(id);
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t id = 1; id <= 2; ++id) call(id);
    for (std::uint64_t id = 101; id < 160; ++id) toy.send(id, 1, id);
    toy.run_ms(20);
  }
  toy.run_ms(1'000);
  EXPECT_EQ(outcomes.size(), 100U);
  EXPECT_EQ(toy.nodes[1]->got.size(), 50U * 59);
  EXPECT_EQ(toy.network.in_flight(), 0U);
  EXPECT_EQ(toy.kernel.pending_events(), 0U);
}

}  // namespace
}  // namespace synchrodb::sim
