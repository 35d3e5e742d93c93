// A replica's snapshots: made, sent, received, restored; each in pieces, between which the replica
// goes on with all else.
//
//   made      the state machine fixes its state at once, and gives out the bytes of that moment as
//             the writer asks for them, one piece between two batches of the log
//   sent      each piece is read from the file when it is asked for, in a fiber of its own
//   received  each piece goes to the staging file and, at the same time, into a second state
//   machine
//             that replaces the first once the file is durable and installed
//
// What is replaced is freed in steps, too. All calls come from the replica's fiber unless they say
// otherwise.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "engine/kv/state_machine.h"
#include "engine/replica/snapshot_intake.h"
#include "engine/replica/snapshot_schedule.h"
#include "engine/replica/writer.h"

namespace synchrodb {

struct SnapshotOptions {
  SnapshotPolicy policy;
  // Of one being made: how much is serialized and written at once.
  std::size_t piece_bytes = 256 * 1024;
};

class Snapshots {
 public:
  // All references outlive this. `wake`: what the replica's fiber waits for.
  Snapshots(Env& env, GroupId group, const SnapshotOptions& options, Storage& storage,
            Writer& writer, Protocol& protocol, StateMachine& state_machine, Event& wake);

  // Loads the state machine from the node's current snapshot. Parks; before the replica runs.
  Result<> restore_from_disk(const SnapshotMeta& meta);

  // ---- Input; from any fiber, never parks.

  // Makes a snapshot of what is applied, soon.
  void request();
  // What the writer tells (WriterClient).
  void on_staged(const SnapshotMeta& meta, bool intact);
  void on_ended(const SnapshotMeta& meta, bool saved);
  NextPiece next_piece(std::string& out);

  // The newest one, as far as consensus has been told; index 0: none.
  const SnapshotMeta& current() const { return current_; }
  // Its bytes, sealed (snapshot_seal.h), for whoever takes them away: a reader of his own, which a
  // newer snapshot does not disturb. As Storage::open_snapshot; from any fiber, parks.
  Result<std::unique_ptr<SnapshotReader>> open() { return storage_.open_snapshot(group_); }
  // Whether one is being made.
  bool in_progress() const { return making_; }

  // ---- The replica's turn.

  // Tells consensus what came in since the last turn.
  void report(const Now& now);
  void note_applied(std::size_t bytes) { schedule_.applied(bytes); }
  // Begins a snapshot if one is due and none is under way.
  void begin_if_due();
  // Frees some more of what has been replaced. True if there is more to free: come again soon.
  bool tidy();

  void send(const SnapshotSend& send);
  // A piece has come in; it is on its way to the writer as well.
  void receive(const SnapshotPiece& piece);
  // The snapshot received last is being installed.
  void install();
  // Its installation is durable: the state machine becomes it, unless that has applied all of it
  // already (nothing is returned then). Returns which one that was.
  std::optional<SnapshotMeta> restore(const SnapshotMeta& meta);

 private:
  struct Staged {
    SnapshotMeta meta;
    bool intact;
  };
  struct Ended {
    SnapshotMeta meta;
    bool saved;
  };

  void replace_state(StateMachine fresh);
  void retire(StateMachine state);
  void became_current(const SnapshotMeta& meta);
  bool received_whole(const Staged& staged);
  void send_all();
  Result<> send_piece(const SnapshotSend& send);

  Env& env_;
  GroupId group_;
  SnapshotOptions options_;
  Storage& storage_;
  Writer& writer_;
  Protocol& protocol_;
  StateMachine& state_machine_;
  Event& wake_;

  std::vector<Staged> staged_;
  std::vector<Ended> ended_;

  SnapshotMeta current_;  // as far as consensus has been told
  SnapshotSchedule schedule_;
  bool requested_ = false;

  bool making_ = false;  // from begin_if_due() until the writer's word has been reported
  SnapshotMeta made_;
  SnapshotSeal seal_;
  std::size_t made_bytes_ = 0;

  std::optional<SnapshotIntake> incoming_;    // being received
  bool judged_ = false;                       // whole or not, in this turn
  std::optional<SnapshotIntake> installing_;  // whole, on its way to be the current one

  std::deque<SnapshotSend> sends_;
  bool sending_ = false;                    // a fiber is at it
  std::shared_ptr<SnapshotReader> reader_;  // null: to be opened

  std::vector<StateMachine> retired_;
};

}  // namespace synchrodb
