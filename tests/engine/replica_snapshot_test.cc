// What a replica does with the bytes of snapshots: the seal, and taking them in piece by piece.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>

#include "engine/replica/snapshot_intake.h"
#include "tests/engine/kv_support.h"

namespace synchrodb {
namespace {

using testing::Machine;

std::string seal_of(std::string_view state) {
  SnapshotSeal seal;
  seal.add(state);
  return seal.bytes();
}

// A machine's state, sealed.
std::string sealed(const StateMachine& machine) {
  std::string bytes;
  machine.serialize(bytes);
  return bytes + seal_of(bytes);
}

Machine some_machine() {
  Machine machine;
  for (int i = 0; i < 300; ++i) machine.run({"SET", "key" + std::to_string(i), "some value"});
  return machine;
}

SnapshotMeta meta_of(const StateMachine& machine) {
  SnapshotMeta meta;
  meta.index = machine.applied();
  meta.term = Term{1};
  return meta;
}

RC_GTEST_PROP(SnapshotSeal, DoesNotDependOnHowTheBytesAreCut, (std::string few)) {
  std::string bytes(*rc::gen::inRange<std::size_t>(0, 20'000), 'x');
  bytes += few;
  SnapshotSeal seal;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = *rc::gen::inRange<std::size_t>(0, 9'000);
    seal.add(std::string_view(bytes).substr(at, length));
    at += length;
  }
  RC_ASSERT(seal.bytes() == seal_of(bytes));
}

TEST(SnapshotSeal, DiffersForEveryOtherState) {
  const std::string state = std::string(4'096, 's') + "and some more";
  for (std::size_t bit = 0; bit < state.size() * 8; bit += 7) {
    std::string damaged = state;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(seal_of(damaged), seal_of(state)) << "bit " << bit;
  }
  for (std::size_t length = 0; length < state.size(); ++length) {
    EXPECT_NE(seal_of(state.substr(0, length)), seal_of(state)) << "length " << length;
  }
  EXPECT_NE(seal_of(state + '\0'), seal_of(state));
}

TEST(SnapshotIntake, BecomesTheStateThatWasSealed) {
  const Machine machine = some_machine();
  auto& original = const_cast<Machine&>(machine).state();
  const std::string bytes = sealed(original);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, bytes.size()}) {
    SnapshotIntake intake(meta_of(original), bytes.size());
    while (intake.received() < bytes.size()) {
      intake.add(std::string_view(bytes).substr(intake.received(), piece));
    }
    ASSERT_TRUE(intake.finish());
    EXPECT_EQ(intake.take_state().digest(), original.digest());
  }
}

TEST(SnapshotIntake, RefusesWhatIsDamagedOrNotWhole) {
  Machine machine = some_machine();
  const std::string bytes = sealed(machine.state());
  const auto taken = [&](std::string_view what, std::uint64_t total) {
    SnapshotIntake intake(meta_of(machine.state()), total);
    intake.add(what);
    return intake.finish().ok();
  };
  EXPECT_TRUE(taken(bytes, bytes.size()));
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 13) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(taken(damaged, bytes.size())) << "bit " << bit;
  }
  EXPECT_FALSE(taken(std::string_view(bytes).substr(0, bytes.size() - 1), bytes.size()));
  EXPECT_FALSE(taken(bytes + "x", bytes.size()));
  EXPECT_FALSE(taken("", 0));
  EXPECT_FALSE(taken("1234567", 7));
  // Sealed, but no state.
  const std::string other = "not a state";
  EXPECT_FALSE(taken(other + seal_of(other), other.size() + kSealBytes));
}

}  // namespace
}  // namespace synchrodb
