#include "engine/replica/pending.h"

#include <gtest/gtest.h>

namespace synchrodb {
namespace {

class Recorder final : public Responder {
 public:
  explicit Recorder(int* answered) : answered_(answered) {}
  void reply(ClientReply) override { ++*answered_; }

 private:
  int* answered_;
};

Proposed at(std::uint64_t term, std::uint64_t index) {
  return {Term{term}, Index{index}};
}

TEST(PendingWrites, AnswersTheOneThatProposedTheAppliedEntry) {
  PendingWrites writes;
  int first = 0;
  int second = 0;
  writes.add(at(1, 5), std::make_unique<Recorder>(&first));
  writes.add(at(1, 6), std::make_unique<Recorder>(&second));
  std::vector<std::unique_ptr<Responder>> overwritten;
  auto waiting = writes.resolve(Term{1}, Index{5}, overwritten);
  ASSERT_NE(waiting, nullptr);
  waiting->reply({});
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  EXPECT_TRUE(overwritten.empty());
  EXPECT_EQ(writes.size(), 1u);
}

TEST(PendingWrites, AnEntryOfAnotherTermOverwroteTheProposal) {
  PendingWrites writes;
  int old_leadership = 0;
  int new_leadership = 0;
  writes.add(at(1, 5), std::make_unique<Recorder>(&old_leadership));
  writes.add(at(3, 5), std::make_unique<Recorder>(&new_leadership));
  std::vector<std::unique_ptr<Responder>> overwritten;
  auto waiting = writes.resolve(Term{3}, Index{5}, overwritten);
  ASSERT_NE(waiting, nullptr);
  waiting->reply({});
  EXPECT_EQ(new_leadership, 1);
  EXPECT_EQ(overwritten.size(), 1u);
  EXPECT_EQ(writes.size(), 0u);
}

TEST(PendingWrites, ALaterLeadershipMayProposeAtALowerIndex) {
  PendingWrites writes;
  int answered = 0;
  writes.add(at(1, 9), std::make_unique<Recorder>(&answered));
  writes.add(at(3, 7), std::make_unique<Recorder>(&answered));
  std::vector<std::unique_ptr<Responder>> overwritten;
  EXPECT_NE(writes.resolve(Term{3}, Index{7}, overwritten), nullptr);
  EXPECT_EQ(writes.resolve(Term{3}, Index{8}, overwritten), nullptr);
  EXPECT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes.take_up_to(Index{9}).size(), 1u);
}

TEST(PendingReads, WaitForTheirIndexToBeApplied) {
  PendingReads reads;
  int answered = 0;
  const ReadId id = reads.add({"get", ReadMode::kReadIndex, std::make_unique<Recorder>(&answered)});
  auto read = reads.take(id);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(reads.take(id).has_value());
  reads.wait_for(Index{4}, std::move(*read));
  EXPECT_FALSE(reads.next_ready(Index{3}).has_value());
  auto ready = reads.next_ready(Index{4});
  ASSERT_TRUE(ready.has_value());
  EXPECT_EQ(ready->first, Index{4});
  EXPECT_FALSE(reads.next_ready(Index{9}).has_value());
}

}  // namespace
}  // namespace synchrodb
