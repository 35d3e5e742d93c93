// The writer fiber on a simulated disk: the log does not wait for snapshots.
#include "engine/replica/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/network/network.h"
#include "tests/sim/support/machine.h"

namespace synchrodb::sim {
namespace {

constexpr GroupId kGroup{1};
constexpr int kPieces = 40;

// A group that keeps a batch in the queue at all times while its snapshot is made.
class BusyGroup final : public WriterClient {
 public:
  explicit BusyGroup(Writer& writer) : writer_(writer) {}

  void begin() {
    submit_batch();
    SnapshotMeta meta;
    meta.index = Index{1};
    meta.term = Term{1};
    writer_.submit(SnapshotJob{kGroup, meta});
  }

  void on_written(IoId last) override {
    events.push_back('w');
    written = last;
    if (!ended && batches_ < 10 * kPieces) submit_batch();
  }
  void on_staged(const SnapshotMeta&, bool) override {}
  NextPiece next_snapshot_piece(std::string& out) override {
    events.push_back('p');
    EXPECT_GE(written, IoId{1}) << "the batch before the snapshot comes first";
    out.append(300'000, 's');
    if (abandon_at == ++pieces_) return NextPiece::kAbandoned;
    return pieces_ == kPieces ? NextPiece::kLast : NextPiece::kMore;
  }
  void on_snapshot_ended(const SnapshotMeta&, bool saved_too) override {
    ended = true;
    saved = saved_too;
  }

  std::string events;  // 'w': a batch was written, 'p': a piece was asked for
  IoId written;
  bool ended = false;
  bool saved = false;
  int abandon_at = 0;

 private:
  void submit_batch() {
    AppendBatch batch;
    batch.id = IoId{++batches_};
    batch.hard_state = HardState{Term{batches_}, NodeId{1}};
    writer_.submit(kGroup, std::move(batch));
  }

  Writer& writer_;
  std::uint64_t batches_ = 0;
  int pieces_ = 0;
};

struct WriterTest : testing::Test, Machine {
  Network network{kernel, streams, counters, {}};
  std::unique_ptr<NodeTransport> transport = network.attach(NodeId{1}, owner, clock);
  Env env{NodeId{1}, clock, fibers, *transport, disk, random, buggify, observer};
  StorageOptions options;
  std::unique_ptr<Storage> storage = make_storage(disk, buggify, observer, options);
  Writer writer{env, *storage, options};
  BusyGroup group{writer};

  ~WriterTest() override { kernel.shutdown(); }

  void run() {
    kernel.spawn(owner, "writer", [this] {
      ASSERT_TRUE(storage->recover());
      writer.attach(kGroup, &group);
      group.begin();
      ADD_FAILURE() << writer.run().message;
    });
    kernel.run(TrueTime{} + seconds(100));
  }
};

TEST_F(WriterTest, BetweenTwoPiecesOfASnapshotAllWaitingBatchesAreWritten) {
  run();
  EXPECT_TRUE(group.saved);
  EXPECT_EQ(group.events.find("pp"), std::string::npos) << group.events;
  EXPECT_EQ(std::count(group.events.begin(), group.events.end(), 'p'), kPieces);
  Result<std::unique_ptr<SnapshotReader>> reader = storage->open_snapshot(kGroup);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader.value()->size(), kPieces * 300'000U);
}

TEST_F(WriterTest, AnAbandonedSnapshotLeavesNothing) {
  group.abandon_at = 5;
  run();
  EXPECT_TRUE(group.ended);
  EXPECT_FALSE(group.saved);
  EXPECT_FALSE(storage->open_snapshot(kGroup));
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) EXPECT_FALSE(name.starts_with("saving-")) << name;
}

}  // namespace
}  // namespace synchrodb::sim
