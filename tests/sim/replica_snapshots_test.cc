// Which snapshot a replica sends while newer ones become current.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/replica/snapshots.h"
#include "tests/sim/support/machine.h"
#include "tests/sim/support/puppet_protocol.h"

namespace synchrodb::sim {
namespace {

constexpr GroupId kGroup{1};

SnapshotMeta meta_at(std::uint64_t index) {
  SnapshotMeta meta;
  meta.index = Index{index};
  meta.term = Term{1};
  return meta;
}

class TestReader final : public SnapshotReader {
 public:
  explicit TestReader(SnapshotMeta meta) : meta_(std::move(meta)) {}
  const SnapshotMeta& meta() const override { return meta_; }
  std::uint64_t size() const override { return 3; }
  Result<std::string> read(std::uint64_t, std::size_t) override { return std::string("abc"); }

 private:
  SnapshotMeta meta_;
};

// Its disk takes 10 ms to open what is current when it is asked.
class SlowToOpen final : public Storage {
 public:
  SlowToOpen(Fibers& fibers, Clock& clock) : fibers_(fibers), clock_(clock) {}

  Result<std::unique_ptr<SnapshotReader>> open_snapshot(GroupId) override {
    ++opened;
    auto reader = std::make_unique<TestReader>(current);
    sleep_until(fibers_, clock_.now() + milliseconds(10));
    return std::unique_ptr<SnapshotReader>(std::move(reader));
  }
  Result<std::map<GroupId, DurableState>> recover() override {
    return std::map<GroupId, DurableState>();
  }
  Result<> write(const std::vector<GroupBatch>&, std::vector<StagedSnapshot>&) override {
    return {};
  }
  Result<> confirm() override { return {}; }
  bool needs_confirmation() const override { return false; }
  Result<> begin_snapshot(GroupId, const SnapshotMeta&) override { return {}; }
  Result<> extend_snapshot(GroupId, std::string_view) override { return {}; }
  Result<> finish_snapshot(GroupId) override { return {}; }
  Result<> abandon_snapshot(GroupId) override { return {}; }

  SnapshotMeta current = meta_at(5);
  int opened = 0;

 private:
  Fibers& fibers_;
  Clock& clock_;
};

class SentChunks final : public Transport {
 public:
  bool send(PeerMessage message) override {
    indexes.push_back(std::get<SnapshotChunk>(message.message).meta.index.value);
    return true;
  }
  void call(NodeId, ClientRequest, Instant, Done) override {}
  void serve(PeerHandler*) override {}

  std::vector<std::uint64_t> indexes;
};

struct SnapshotsTest : testing::Test, Machine {
  SentChunks sent;
  Env env{NodeId{1}, clock, fibers, sent, disk, random, buggify, observer};
  SlowToOpen storage{fibers, clock};
  StorageOptions storage_options;
  Writer writer{env, storage, storage_options};
  PuppetProtocol protocol;
  StateMachine state_machine;
  Event wake{fibers};
  Snapshots snapshots{env,    kGroup,   SnapshotOptions{}, storage,
                      writer, protocol, state_machine,     wake};

  ~SnapshotsTest() override { kernel.shutdown(); }

  void became_current(std::uint64_t index) {
    storage.current = meta_at(index);
    snapshots.on_ended(storage.current, true);
    snapshots.report(env.clock.both());
  }
  void ask(std::uint64_t index) {
    snapshots.send(SnapshotSend{NodeId{2}, Term{1}, Index{index}, 0, 100, 0});
    sleep_until(fibers, clock.now() + milliseconds(100));
  }
  void run(std::function<void()> body) {
    kernel.spawn(owner, "test", std::move(body));
    kernel.run(TrueTime{} + seconds(10));
  }
};

TEST_F(SnapshotsTest, OneThatIsReplacedWhileItIsOpenedIsNotSentForEver) {
  run([&] {
    became_current(5);
    kernel.spawn(owner, "writer", [&] {
      sleep_until(fibers, clock.now() + milliseconds(5));
      became_current(7);
    });
    ask(5);
    ask(7);
    ask(7);
  });
  EXPECT_EQ(sent.indexes, (std::vector<std::uint64_t>{5, 7, 7}));
}

TEST_F(SnapshotsTest, TheSameIsOpenedOnce) {
  run([&] {
    became_current(5);
    ask(5);
    ask(5);
    became_current(8);
    ask(5);
    ask(8);
  });
  EXPECT_EQ(sent.indexes, (std::vector<std::uint64_t>{5, 5, 8, 8}));
  EXPECT_EQ(storage.opened, 2);
}

}  // namespace
}  // namespace synchrodb::sim
