// The fiber that drives one Raft group on one node: take input, step, drain; persist, send, apply,
// answer.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "engine/kv/state_machine.h"
#include "engine/replica/pending.h"
#include "engine/replica/writer.h"

namespace synchrodb {

struct ReplicaOptions {
  // A snapshot is made once this many bytes of entries have been applied since the last.
  std::size_t snapshot_every_bytes = 256 * 1024;
  // Requests accepted and not answered; more are refused.
  std::size_t max_pending_requests = 4096;
};

class Replica final : public WriterClient {
 public:
  // All references outlive the replica. `protocol` is what make_raft() or another made.
  Replica(Env& env, GroupId group, const ReplicaOptions& options, Storage& storage, Writer& writer,
          std::unique_ptr<Protocol> protocol);

  // Who is told of what applied entries change; null: nobody. Outlives the replica.
  void listen(ChangeListener* changes) { state_machine_.listen(changes); }

  // Loads the state machine from the node's snapshot. A damaged snapshot is an error: recovery
  // should have reported it as a fault.
  Result<> restore_from_disk(const SnapshotMeta& meta);

  // The fiber's body; ends only by cancellation.
  void run();

  // Input, from between fibers or any fiber of the node; never parks.
  void receive(NodeId from, Message message);
  void request(ClientRequest request, std::unique_ptr<Responder> responder);
  // Makes a snapshot of what is applied, soon.
  void request_snapshot();

  // What the newest snapshot stands for, as far as this replica has heard; 0: none.
  Index snapshot_index() const { return snapshot_meta_.index; }
  bool snapshot_in_progress() const { return snapshot_in_progress_; }

  const Protocol& protocol() const { return *protocol_; }
  const StateMachine& state_machine() const { return state_machine_; }

 private:
  struct Asked {
    ClientRequest request;
    std::unique_ptr<Responder> responder;
  };
  struct Staged {
    SnapshotMeta meta;
    bool intact;
  };
  // A snapshot on its way in; kept in memory too, so that installing it reads nothing.
  struct Incoming {
    SnapshotMeta meta;
    std::string state;
    std::uint64_t received = 0;
  };

  void on_written(IoId last) override;
  void on_staged(const SnapshotMeta& meta, bool intact) override;
  void on_snapshot_saved(const SnapshotMeta& meta) override;

  void take_input(const Now& now);
  void report_durable();
  void handle(const Now& now, Asked asked);
  void propose(const Now& now, Asked asked);
  void propose_stamp_if_due(const Now& now);
  Instant stamp_deadline(const Now& now) const;

  void perform(Effects& effects);
  void release_gated();
  void restore(const SnapshotMeta& meta);
  void apply(const std::vector<EntryRef>& entries);
  void answer_reads(const std::vector<ReadReady>& reads);
  void serve_ready_reads();
  void keep_piece(const SnapshotPiece& piece);
  void send_snapshot(const SnapshotSend& send);
  void send_chunk(const SnapshotSend& send);
  void load_snapshot();
  void snapshot_if_due();

  void reply(Responder& responder, ProposeResult result) const;
  ClientReply not_leader() const;
  ClientReply read_reply(std::string_view request) const;

  Env& env_;
  GroupId group_;
  ReplicaOptions options_;
  Storage& storage_;
  Writer& writer_;
  std::unique_ptr<Protocol> protocol_;
  StateMachine state_machine_;
  Term applied_term_;

  Event input_;
  std::vector<std::pair<NodeId, Message>> messages_;
  std::vector<std::pair<NodeId, Message>> stepping_;
  std::vector<Asked> requests_;
  std::vector<Asked> handling_;
  std::vector<Staged> staged_;
  std::vector<SnapshotMeta> saved_;
  IoId written_;
  IoId reported_;

  Effects effects_;
  std::deque<GatedMessage> gated_;
  PendingWrites writes_;
  PendingReads reads_;

  Incoming incoming_;    // being received
  Incoming installing_;  // whole, on its way to be the current one
  bool snapshot_requested_ = false;
  bool snapshot_in_progress_ = false;
  std::size_t bytes_since_snapshot_ = 0;
  std::shared_ptr<const std::string> snapshot_;  // what is being sent
  Index snapshot_index_;
  Term snapshot_term_;
  SnapshotMeta snapshot_meta_;
  bool snapshot_loading_ = false;
  std::vector<SnapshotSend> sends_waiting_;
  Index stamp_proposed_;  // the entry that carries the last proposed stamp
  std::vector<std::unique_ptr<Responder>> overwritten_;
};

}  // namespace synchrodb
