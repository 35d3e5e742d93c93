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

RequestName named(std::uint64_t sequence) {
  return {SessionId{1}, sequence};
}

TEST(PendingWrites, WhoAsksAgainTakesThePlaceOfWhoAskedBefore) {
  PendingWrites writes;
  int before = 0;
  int again = 0;
  int other = 0;
  writes.add(at(1, 4), std::make_unique<Recorder>(&other), named(1));
  writes.add(at(1, 5), std::make_unique<Recorder>(&before), named(2));
  writes.add(at(1, 6), std::make_unique<Recorder>(&other));
  ASSERT_EQ(writes.find(named(2)), at(1, 5));
  EXPECT_EQ(writes.find(named(3)), std::nullopt);
  writes.replace(at(1, 5), std::make_unique<Recorder>(&again))->reply({});
  EXPECT_EQ(before, 1);
  std::vector<std::unique_ptr<Responder>> overwritten;
  ASSERT_NE(writes.resolve(Term{1}, Index{4}, overwritten), nullptr);
  EXPECT_EQ(writes.find(named(2)), at(1, 5));
  writes.resolve(Term{1}, Index{5}, overwritten)->reply({});
  EXPECT_EQ(again, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(writes.find(named(2)), std::nullopt);
}

TEST(PendingWrites, ANameMeansTheLatestProposal) {
  PendingWrites writes;
  int answered = 0;
  writes.add(at(1, 5), std::make_unique<Recorder>(&answered), named(2));
  writes.add(at(3, 6), std::make_unique<Recorder>(&answered), named(2));
  EXPECT_EQ(writes.find(named(2)), at(3, 6));
  std::vector<std::unique_ptr<Responder>> overwritten;
  writes.resolve(Term{3}, Index{5}, overwritten);
  EXPECT_EQ(overwritten.size(), 1U);
  EXPECT_EQ(writes.find(named(2)), at(3, 6));
  writes.take_up_to(Index{6});
  EXPECT_EQ(writes.find(named(2)), std::nullopt);
}

TEST(PendingWrites, RequestsWithoutASessionHaveNoName) {
  EXPECT_EQ(name_of(encode_command({"SET", "k", "v"}, SessionId{7}, 9)),
            (RequestName{SessionId{7}, 9}));
  EXPECT_EQ(name_of(encode_command({"SET", "k", "v"})), std::nullopt);
  EXPECT_EQ(name_of(""), std::nullopt);
  EXPECT_EQ(name_of("\x01"), std::nullopt);
}

PendingReads::Read read_of(const char* request, int* answered) {
  return {request, ReadMode::kReadIndex, std::make_unique<Recorder>(answered)};
}

std::vector<std::string> ready_at(PendingReads& reads, std::uint64_t applied) {
  std::vector<PendingReads::Waiting> ready;
  reads.take_ready(Index{applied}, ready);
  std::vector<std::string> requests;
  for (const auto& waiting : ready) requests.push_back(waiting.read.request);
  return requests;
}

TEST(PendingReads, WaitForTheirIndexToBeApplied) {
  PendingReads reads;
  int answered = 0;
  const ReadId id = reads.add(read_of("get", &answered));
  auto read = reads.take(id);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(reads.take(id).has_value());
  reads.wait_for(Index{4}, std::move(*read));
  EXPECT_TRUE(ready_at(reads, 3).empty());
  EXPECT_EQ(ready_at(reads, 4), std::vector<std::string>{"get"});
  EXPECT_TRUE(ready_at(reads, 9).empty());
}

TEST(PendingReads, AreTakenInAnyOrderAndOnce) {
  PendingReads reads;
  int answered = 0;
  const ReadId a = reads.add(read_of("a", &answered));
  const ReadId b = reads.add(read_of("b", &answered));
  EXPECT_EQ(reads.size(), 2U);
  EXPECT_EQ(reads.take(b)->request, "b");
  EXPECT_EQ(reads.size(), 1U);
  EXPECT_FALSE(reads.take(b).has_value());
  const ReadId c = reads.add(read_of("c", &answered));
  EXPECT_EQ(reads.take(a)->request, "a");
  EXPECT_FALSE(reads.take(a).has_value());
  EXPECT_FALSE(reads.take(c.next()).has_value()) << "nobody was given that id";
  EXPECT_EQ(reads.take(c)->request, "c");
  EXPECT_FALSE(reads.take(c).has_value());
  EXPECT_EQ(reads.size(), 0U);
}

TEST(PendingReads, AreReadyByIndexThenByAge) {
  PendingReads reads;
  int answered = 0;
  reads.wait_for(Index{7}, read_of("c", &answered));
  reads.wait_for(Index{5}, read_of("a", &answered));
  reads.wait_for(Index{5}, read_of("b", &answered));
  reads.wait_for(Index{9}, read_of("d", &answered));
  EXPECT_EQ(reads.size(), 4U);
  EXPECT_EQ(ready_at(reads, 7), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(ready_at(reads, 9), std::vector<std::string>{"d"});
}

}  // namespace
}  // namespace synchrodb
