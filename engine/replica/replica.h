// The fiber that drives one Raft group on one node: take input, step, drain; persist, send, apply,
// answer.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "engine/kv/state_machine.h"
#include "engine/replica/pending.h"
#include "engine/replica/snapshots.h"
#include "engine/replica/writer.h"

namespace synchrodb {

struct ReplicaOptions {
  SnapshotOptions snapshot;
  // Requests accepted and not answered; more are refused.
  std::size_t max_pending_requests = 4096;
  // A write that its session asks for again while its entry is under way waits for that entry.
  // Otherwise it becomes another entry, which is applied without effect: where commits are slow,
  // each repetition makes them slower.
  bool repeated_writes_wait = false;
  // Above this, by StateMachine::memory_bytes(), a leader refuses requests with a command that may
  // need more: kRefused, with errors::kOutOfMemory as the reason. 0: no limit. What is in the log
  // by then is executed, so that the limit may be exceeded by as much as may be uncommitted.
  std::size_t max_memory_bytes = 0;
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
  // See ReplicaOptions::max_memory_bytes; at once.
  void set_max_memory(std::size_t bytes) { options_.max_memory_bytes = bytes; }

  // What the newest snapshot stands for, as far as this replica has heard; 0: none.
  Index snapshot_index() const { return snapshots_.current().index; }
  // See Snapshots::open. The reader must not outlive the node.
  Result<std::unique_ptr<SnapshotReader>> open_snapshot() { return snapshots_.open(); }
  bool snapshot_in_progress() const { return snapshots_.in_progress(); }

  const Protocol& protocol() const { return *protocol_; }
  const StateMachine& state_machine() const { return state_machine_; }

 private:
  struct Asked {
    ClientRequest request;
    std::unique_ptr<Responder> responder;
  };
  void on_written(IoId last) override;
  void on_staged(const SnapshotMeta& meta, bool intact) override;
  NextPiece next_snapshot_piece(std::string& out) override;
  void on_snapshot_ended(const SnapshotMeta& meta, bool saved) override;

  void take_input(const Now& now);
  void report_durable();
  void handle(const Now& now, Asked asked);
  bool waits_already(const RequestName& name, std::unique_ptr<Responder>& responder);
  void propose(const Now& now, Asked asked);
  void propose_stamp_if_due(const Now& now);
  Instant stamp_deadline(const Now& now) const;

  // The effects up to the messages, and the rest.
  void hand_on(Effects& effects);
  void finish(const Effects& effects);
  // Whether there is anything in the former that another fiber goes on with.
  static bool hands_on(const Effects& effects);
  void release_gated();
  void restore(const SnapshotMeta& meta);
  template <class PayloadOf>
  void prefetch(std::size_t count, PayloadOf payload_of) const;
  void apply(const std::vector<EntryRef>& entries);
  void answer_reads(const std::vector<ReadReady>& reads);
  void serve_ready_reads();
  bool out_of_memory(const std::string& payload) const;

  void reply(Responder& responder, ProposeResult result) const;
  ClientReply not_leader() const;
  ClientReply read_reply(std::string_view request) const;

  Env& env_;
  GroupId group_;
  ReplicaOptions options_;
  Writer& writer_;
  std::unique_ptr<Protocol> protocol_;
  StateMachine state_machine_;
  Term applied_term_;

  Event input_;
  std::vector<std::pair<NodeId, Message>> messages_;
  std::vector<std::pair<NodeId, Message>> stepping_;
  std::vector<Asked> requests_;
  std::vector<Asked> handling_;
  IoId written_;
  IoId reported_;

  Effects effects_;
  std::deque<GatedMessage> gated_;
  PendingWrites writes_;
  PendingReads reads_;
  std::vector<PendingReads::Waiting> serving_;

  Snapshots snapshots_;
  Index stamp_proposed_;  // the entry that carries the last proposed stamp
  std::vector<std::unique_ptr<Responder>> overwritten_;
};

}  // namespace synchrodb
