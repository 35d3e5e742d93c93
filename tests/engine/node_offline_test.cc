// Work on a node's disk while no node runs on it: what a group founded from a snapshot, and one
// that is left to a single node, come to when they start; and what a crash amid the work leaves.
#include "engine/node/offline.h"

#include <gtest/gtest.h>

#include "consensus/raft.h"
#include "consensus/random_stream.h"
#include "tests/engine/support/storage_model.h"

namespace synchrodb {
namespace {

using testing::MemoryDisk;
using testing::save_snapshot;
using testing::StorageDriver;

constexpr GroupId kGroup{1};
constexpr NodeId kSelf{2};
constexpr WallInterval kWritten{{5'000}, {6'000}, false};

StorageOptions options() {
  StorageOptions options;
  options.segment_bytes = 16 * 512;
  return options;
}

Configuration members(std::vector<NodeId> voters, std::vector<NodeId> outgoing = {}) {
  Configuration configuration;
  configuration.voters = std::move(voters);
  configuration.outgoing = std::move(outgoing);
  return configuration;
}

EntryRef configuration_entry(Term term, Index index, const Configuration& configuration) {
  return make_entry(term, index, EntryKind::kConfiguration, kWritten,
                    encode_configuration(configuration));
}

EntryRef command(Term term, Index index, std::size_t bytes) {
  return make_entry(term, index, EntryKind::kCommand, kWritten, std::string(bytes, 'c'));
}

// One process's life on a disk.
class Life {
 public:
  explicit Life(MemoryDisk& disk) : driver_(disk, 1, options(), false) {
    auto recovered = driver_.open();
    EXPECT_TRUE(recovered) << recovered.error().message;
    if (recovered) state = std::move(recovered.value()[kGroup]);
  }
  Storage& storage() { return driver_.storage(); }
  Result<> write(AppendBatch batch) {
    std::vector<StagedSnapshot> staged;
    return storage().write({{kGroup, std::move(batch)}}, staged);
  }

  DurableState state;

 private:
  StorageDriver driver_;
};

// Three members, a few entries, nothing out of the ordinary.
void live_in_a_group(MemoryDisk& disk) {
  Life life(disk);
  AppendBatch batch;
  batch.hard_state = HardState{Term{4}, NodeId{3}};
  batch.entries = {
      configuration_entry(Term{1}, Index{1}, members({NodeId{1}, NodeId{2}, NodeId{3}}))};
  for (std::uint64_t i = 2; i <= 9; ++i) {
    batch.entries.push_back(command(Term{3}, Index{i}, 40));
  }
  ASSERT_TRUE(life.write(std::move(batch)));
  ASSERT_TRUE(life.storage().confirm());
}

class FixedStream final : public RandomStream {
 public:
  std::uint64_t next() override { return next_++; }

 private:
  std::uint64_t next_ = 1;
};

// Starts consensus on what the disk holds and lets an election timeout and any lease pass, on a
// disk that does what it is told at once. What it has committed.
Index commit_after_start(DurableState state) {
  FixedStream random;
  IoSequence io;
  const auto at = [](std::int64_t ms) {
    return Now{Instant{ms * 1'000'000}, WallInterval{{10'000}, {10'001}, false}};
  };
  RaftOptions raft;
  raft.election_timeout = milliseconds(100);
  raft.heartbeat_interval = milliseconds(10);
  auto protocol = make_raft(kSelf, raft, {}, std::move(state), random, io, at(0));
  Effects effects;
  for (std::int64_t ms = 0; ms < 5'000; ms += 50) {
    protocol->timeout(at(ms));
    protocol->drain(at(ms), effects);
    if (effects.restore) protocol->on_applied(effects.restore->index);
    if (effects.append) protocol->on_durable(at(ms), effects.append->id);
    if (!effects.apply.empty()) protocol->on_applied(effects.apply.back()->index());
  }
  return protocol->status().role == Role::kLeader ? protocol->status().commit : Index{};
}

// ---- One node left -----------------------------------------------------------------------------

TEST(SoleVoter, CommitsAllThatItHas) {
  MemoryDisk disk;
  live_in_a_group(disk);
  EXPECT_EQ(commit_after_start(Life(disk).state), Index{}) << "a third of a group leads nobody";
  {
    Life life(disk);
    auto taken = make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken.value().index, Index{10});
    EXPECT_EQ(taken.value().term, Term{5});
  }
  Life life(disk);
  EXPECT_EQ(latest_configuration(life.state), members({kSelf}));
  EXPECT_EQ(life.state.hard_state, (HardState{Term{5}, kSelf}));
  ASSERT_EQ(life.state.entries.size(), 10U);
  EXPECT_EQ(life.state.entries.back()->term(), Term{5});
  // All ten, and the no-op of its term.
  EXPECT_EQ(commit_after_start(life.state), Index{11});
}

TEST(SoleVoter, NeedsNoLogAfterASnapshot) {
  MemoryDisk disk;
  live_in_a_group(disk);
  {
    Life life(disk);
    const SnapshotMeta meta{Index{9}, Term{3}, members({NodeId{1}, NodeId{2}, NodeId{3}}),
                            Index{1}};
    ASSERT_TRUE(save_snapshot(life.storage(), kGroup, meta, "the state at nine"));
  }
  {
    Life life(disk);
    ASSERT_TRUE(life.state.entries.empty());
    auto taken = make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken.value().index, Index{10});
  }
  EXPECT_EQ(commit_after_start(Life(disk).state), Index{11});
}

TEST(SoleVoter, EndsAJointConfiguration) {
  MemoryDisk disk;
  live_in_a_group(disk);
  {
    Life life(disk);
    AppendBatch batch;
    batch.entries = {configuration_entry(Term{4}, Index{10},
                                         members({NodeId{1}, NodeId{4}}, {NodeId{1}, kSelf}))};
    ASSERT_TRUE(life.write(std::move(batch)));
  }
  {
    Life life(disk);
    ASSERT_TRUE(latest_configuration(life.state).joint());
    ASSERT_TRUE(make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten));
  }
  EXPECT_EQ(commit_after_start(Life(disk).state), Index{12});
}

TEST(SoleVoter, AcceptsDamageAsLoss) {
  MemoryDisk disk;
  live_in_a_group(disk);
  {
    Life life(disk);
    for (std::uint64_t i = 10; i <= 14; ++i) {
      AppendBatch batch;
      const std::string payload = "entry " + std::to_string(i);
      batch.entries = {make_entry(Term{4}, Index{i}, EntryKind::kCommand, kWritten, payload)};
      ASSERT_TRUE(life.write(std::move(batch)));
    }
    ASSERT_TRUE(life.storage().confirm());
  }
  for (const std::string& name : disk.names()) {
    const std::size_t at = disk.contents(name).find("entry 12");
    if (at != std::string::npos) disk.flip_bit(name, 8 * at);
  }
  {
    Life life(disk);
    ASSERT_TRUE(life.state.fault);
    ASSERT_EQ(life.state.entries.back()->index(), Index{11});
    EXPECT_EQ(commit_after_start(life.state), Index{});
    ASSERT_TRUE(make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten));
  }
  Life life(disk);
  EXPECT_FALSE(life.state.fault);
  EXPECT_FALSE(life.state.hard_state.recovery_term);
  EXPECT_EQ(life.state.entries.back()->index(), Index{12});
  EXPECT_EQ(commit_after_start(life.state), Index{13});
}

TEST(SoleVoter, ForgetsAnUnfinishedRecovery) {
  MemoryDisk disk;
  live_in_a_group(disk);
  {
    Life life(disk);
    AppendBatch batch;
    batch.hard_state = HardState{Term{6}, NodeId{}, Term{8}, Index{40}};
    ASSERT_TRUE(life.write(std::move(batch)));
  }
  {
    Life life(disk);
    auto taken = make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.value().term, Term{9});  // above what it may have acknowledged
  }
  EXPECT_EQ(commit_after_start(Life(disk).state), Index{11});
}

TEST(SoleVoter, NothingIsNoGroup) {
  MemoryDisk disk;
  Life life(disk);
  auto taken = make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kInvalid);
}

// Whatever the power takes along, at every step: the old log or the new one.
TEST(SoleVoter, ACrashLeavesTheOldOrTheNew) {
  MemoryDisk before;
  live_in_a_group(before);
  int old_logs = 0;
  int new_logs = 0;
  for (std::uint64_t effect = 1;; ++effect) {
    for (const bool keep : {false, true}) {
      MemoryDisk disk = before;
      {
        Life life(disk);
        disk.fail_at(disk.effects() + effect, ErrorCode::kIo, true);
        const auto taken = make_sole_voter(life.storage(), kGroup, life.state, kSelf, kWritten);
        if (taken) {
          EXPECT_GT(old_logs, 0);
          EXPECT_GT(new_logs, 0);
          return;
        }
      }
      disk.forget_failures();
      disk.crash([keep] { return keep; });
      Life life(disk);
      EXPECT_FALSE(life.state.fault);
      if (life.state.entries.size() == 9) {
        EXPECT_EQ(latest_configuration(life.state).voters.size(), 3U);
        ++old_logs;
      } else {
        EXPECT_EQ(latest_configuration(life.state), members({kSelf}));
        EXPECT_EQ(commit_after_start(life.state), Index{11});
        ++new_logs;
      }
    }
  }
}

// ---- A first state -----------------------------------------------------------------------------

const Configuration kFounders = members({NodeId{1}, kSelf, NodeId{3}});

TEST(FirstStateOfAGroup, IsThereWhenItIsFinished) {
  const std::string state(5'000, 's');
  const SnapshotMeta meta = founding_snapshot(Index{77}, kFounders);
  MemoryDisk disk;
  {
    Life life(disk);
    FirstState first(life.storage(), kGroup, meta, state.size());
    for (std::size_t at = 0; at < state.size(); at += 1'000) {
      ASSERT_TRUE(first.add(std::string_view(state).substr(at, 1'000)));
    }
    ASSERT_TRUE(first.finish());
  }
  Life life(disk);
  EXPECT_EQ(life.state.snapshot, meta);
  EXPECT_TRUE(life.state.entries.empty());
  EXPECT_FALSE(life.state.fault);
  EXPECT_EQ(life.state.hard_state, (HardState{Term{1}, NodeId{}}));
  EXPECT_EQ(latest_configuration(life.state), kFounders);
  EXPECT_EQ(testing::read_snapshot(life.storage(), kGroup).value(), state);
}

TEST(FirstStateOfAGroup, IsNotFinishedBeforeItIsWhole) {
  MemoryDisk disk;
  {
    Life life(disk);
    FirstState first(life.storage(), kGroup, founding_snapshot(Index{77}, kFounders), 100);
    ASSERT_TRUE(first.add(std::string(60, 's')));
    const Result<> finished = first.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(finished.error().message.find("60 of 100"), std::string::npos);
  }
  EXPECT_FALSE(Life(disk).state.snapshot);
}

TEST(FirstStateOfAGroup, IsTheSameOnAllMembers) {
  EXPECT_EQ(founding_snapshot(Index{77}, kFounders), founding_snapshot(Index{77}, kFounders));
  EXPECT_TRUE(founding_snapshot(Index{77}, kFounders).configuration_index <= Index{77});
}

}  // namespace
}  // namespace synchrodb
