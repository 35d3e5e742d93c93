#include "engine/replica/snapshots.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/defects.h"

namespace synchrodb {
namespace {

// Read at once when a node starts.
constexpr std::size_t kLoadBytes = 256 * 1024;
// Keys and sessions freed in one turn: about half a millisecond's work.
constexpr std::size_t kFreedPerTurn = 2'000;

}  // namespace

Snapshots::Snapshots(Env& env, GroupId group, const SnapshotOptions& options, Storage& storage,
                     Writer& writer, Protocol& protocol, StateMachine& state_machine, Event& wake)
    : env_(env),
      group_(group),
      options_(options),
      storage_(storage),
      writer_(writer),
      protocol_(protocol),
      state_machine_(state_machine),
      wake_(wake),
      schedule_(options.policy) {}

void Snapshots::became_current(const SnapshotMeta& meta) {
  if (meta.index <= current_.index) return;
  current_ = meta;
  reader_.reset();
}

// ---- making ------------------------------------------------------------------------------------

void Snapshots::request() {
  requested_ = true;
  wake_.set();
}

void Snapshots::begin_if_due() {
  const bool due = requested_ || schedule_.due();
  if (!due || making_) return;
  requested_ = false;
  if (state_machine_.applied() <= current_.index) return;
  making_ = true;
  schedule_.begun();
  made_ = protocol_.snapshot_meta(state_machine_.applied());
  made_bytes_ = 0;
  seal_ = SnapshotSeal();
  state_machine_.begin_snapshot();
  writer_.submit(SnapshotJob{group_, made_});
}

// In the writer's fiber, between two parks of the replica's.
NextPiece Snapshots::next_piece(std::string& out) {
  // A restored state machine has forgotten it, and what has been restored is newer.
  if (!state_machine_.snapshot_active()) return NextPiece::kAbandoned;
  const std::size_t bytes =
      env_.buggify.buggify("snapshot.small-pieces") ? 100 : options_.piece_bytes;
  const std::size_t before = out.size();
  const bool last = state_machine_.next_piece(bytes, out);
  seal_.add(std::string_view(out).substr(before));
  if (last) out.append(seal_.bytes());
  made_bytes_ += out.size() - before;
  if (!last) return NextPiece::kMore;
  env_.observer.on_snapshot_taken(group_, made_, made_bytes_);
  return NextPiece::kLast;
}

void Snapshots::on_ended(const SnapshotMeta& meta, bool saved) {
  ended_.push_back({meta, saved});
  wake_.set();
}

// ---- sending -----------------------------------------------------------------------------------

void Snapshots::send(const SnapshotSend& send) {
  sends_.push_back(send);
  if (sending_) return;
  sending_ = true;
  env_.fibers.spawn("snapshot-send", [this] { send_all(); });
}

// In a fiber of its own, so that a slow disk holds up no heartbeat.
void Snapshots::send_all() {
  while (!sends_.empty()) {
    const SnapshotSend next = sends_.front();
    sends_.pop_front();
    if (Result<> sent = send_piece(next); !sent) {
      reader_.reset();
      request();  // the disk's copy is damaged: make a new one from memory
    }
  }
  sending_ = false;
}

Result<> Snapshots::send_piece(const SnapshotSend& send) {
  // Opening parks: what was opened may have been replaced by then.
  if (reader_ == nullptr || reader_->meta().index < current_.index) {
    Result<std::unique_ptr<SnapshotReader>> opened = storage_.open_snapshot(group_);
    if (!opened) return opened.error();
    reader_ = std::move(opened).value();
  }
  // The snapshot may be replaced while this reads: consensus asks for the newer one then.
  const std::shared_ptr<SnapshotReader> reader = reader_;
  const std::uint64_t offset = send.index == reader->meta().index ? send.offset : 0;
  if (offset > reader->size()) return {};
  Result<std::string> bytes = reader->read(offset, send.max_bytes);
  if (!bytes) return bytes.error();
  SnapshotChunk chunk;
  chunk.term = send.term;
  chunk.meta = reader->meta();
  chunk.offset = offset;
  chunk.total = reader->size();
  chunk.data = std::make_shared<const std::string>(std::move(bytes).value());
  chunk.round = send.round;
  env_.transport.send(PeerMessage{group_, env_.self, send.to, std::move(chunk)});
  return {};
}

// ---- receiving ---------------------------------------------------------------------------------

void Snapshots::receive(const SnapshotPiece& piece) {
  if (!incoming_ || !(piece.meta == incoming_->meta()) || piece.offset == 0) {
    if (incoming_) retire(incoming_->take_state());
    incoming_.emplace(piece.meta, piece.total);
    judged_ = false;
  }
  // Pieces come in order: consensus asks for the first byte that is missing.
  if (piece.offset == incoming_->received()) incoming_->add(*piece.data);
}

void Snapshots::on_staged(const SnapshotMeta& meta, bool intact) {
  staged_.push_back({meta, intact});
  wake_.set();
}

bool Snapshots::received_whole(const Staged& staged) {
  return staged.intact && incoming_ && incoming_->meta() == staged.meta && incoming_->finish().ok();
}

void Snapshots::report(const Now& now) {
  for (const Staged& staged : std::exchange(staged_, {})) {
    protocol_.on_snapshot_staged(now, staged.meta, received_whole(staged));
    judged_ = true;
  }
  for (const Ended& ended : std::exchange(ended_, {})) {
    making_ = false;
    if (!ended.saved) continue;
    became_current(ended.meta);
    schedule_.became_current(made_bytes_);
    protocol_.on_snapshot_taken(ended.meta);
  }
}

// ---- restoring ---------------------------------------------------------------------------------

void Snapshots::install() {
  if (installing_) retire(installing_->take_state());
  installing_ = std::exchange(incoming_, std::nullopt);
}

std::optional<SnapshotMeta> Snapshots::restore(const SnapshotMeta& meta) {
  const bool backwards =
      defect(Defect::kOlderSnapshotOverwritesLog) && installing_ && installing_->meta() == meta;
  if (meta.index <= state_machine_.applied() && !backwards) {
    return std::nullopt;  // what this node has applied already contains it
  }
  SYNCHRODB_ASSERT(installing_ && installing_->meta().index >= meta.index,
                   "a snapshot is installed from the pieces received");
  const SnapshotMeta installed = installing_->meta();
  const std::uint64_t bytes = installing_->received();
  replace_state(installing_->take_state());
  installing_.reset();
  SYNCHRODB_ASSERT(state_machine_.applied() == installed.index,
                   "a snapshot's state is that of its index");
  current_ = installed;
  reader_.reset();
  schedule_.begun();
  schedule_.became_current(bytes);
  return installed;
}

Result<> Snapshots::restore_from_disk(const SnapshotMeta& meta) {
  Result<std::unique_ptr<SnapshotReader>> reader = storage_.open_snapshot(group_);
  if (!reader) return reader.error();
  const std::uint64_t total = reader.value()->size();
  SnapshotIntake intake(meta, total);
  while (intake.received() < total) {
    Result<std::string> piece = reader.value()->read(intake.received(), kLoadBytes);
    if (!piece) return piece.error();
    intake.add(piece.value());
  }
  if (Result<> whole = intake.finish(); !whole) return whole;
  state_machine_ = intake.take_state();
  current_ = meta;
  schedule_.became_current(total);
  return {};
}

void Snapshots::replace_state(StateMachine fresh) {
  retire(std::exchange(state_machine_, std::move(fresh)));
}

void Snapshots::retire(StateMachine state) {
  retired_.push_back(std::move(state));
}

bool Snapshots::tidy() {
  // Consensus installs what was received in the turn that judges it, or has no use for it.
  if (std::exchange(judged_, false) && incoming_) {
    retire(incoming_->take_state());
    incoming_.reset();
  }
  if (retired_.empty()) return false;
  if (retired_.back().dismantle(kFreedPerTurn)) retired_.pop_back();
  return !retired_.empty();
}

}  // namespace synchrodb
