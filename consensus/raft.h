// Raft (Ongaro's thesis, 2014, with the 2015 erratum) as a pure state machine.
//
// The subjects, each in a file of its own: election, replication (the leader's side), following
// (the follower's), reads, membership, snapshot_transfer, recovery, durability (batches and what
// waits for them). What they rest on: log, progress, quorum, configuration.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/log.h"
#include "consensus/options.h"
#include "consensus/progress.h"
#include "consensus/protocol.h"
#include "consensus/quorum.h"
#include "consensus/random_stream.h"

namespace synchrodb {

// The roles. What only a leader or a candidate knows dies with the role; term and vote live
// outside.
namespace role {

struct Follower {};

// Rehearsing an election (thesis 9.6): asks who would vote for it in the next term.
struct PreCandidate {
  std::vector<NodeId> granted;
  Instant resend;
};

struct Candidate {
  std::vector<NodeId> granted;  // others than itself
  Instant resend;
  bool transfer = false;
};

struct Leader {
  struct PendingRead {
    ReadId id;
    Index index;
    std::uint64_t round = 0;  // confirmed once a quorum answered this round; 0: none begun yet
  };
  struct Transfer {
    NodeId target;
    Instant deadline;
    Instant resend;  // of TimeoutNow
  };
  struct Round {
    std::uint64_t round;
    Instant begun;
  };

  std::vector<Progress> peers;  // sorted by node
  Index first_own;              // the no-op that began the term
  Instant next_heartbeat;
  Instant check_quorum_at;
  std::uint64_t round = 0;    // the latest; a message carries it, a reply echoes it
  bool round_wanted = false;  // begin one that asks everyone at the next drain
  std::size_t uncommitted_bytes = 0;

  std::vector<PendingRead> reads;   // rounds never fall
  std::vector<ReadId> early_reads;  // asked before an entry of the own term was committed
  // See RaftOptions::read_linger and read_round_interval.
  std::size_t read_company = 0;
  Instant read_linger_until;
  Instant round_begun;  // the latest, whatever it was begun for
  std::optional<Transfer> transfer;

  // Leases: see reads.cc.
  Instant elected;
  bool commit_deferred = false;                 // an earlier leader's lease may still live
  std::optional<WallInterval> earlier_written;  // of the last entry that could carry such a lease
  bool earlier_unknown = false;                 // such an entry may have been compacted away
  std::vector<Round> rounds;          // begun, not confirmed; kept for the classical lease
  std::optional<Instant> lease_from;  // classical: send of the latest confirmed round
  bool lease_forfeited = false;       // classical: a successor was told to campaign

  Progress* find(NodeId node);
  const Progress* find(NodeId node) const;
};

}  // namespace role

using RoleState = std::variant<role::Follower, role::PreCandidate, role::Candidate, role::Leader>;

class Raft final : public Protocol {
 public:
  // As make_raft().
  Raft(NodeId self, const RaftOptions& options, const Configuration& initial, DurableState durable,
       RandomStream& random, IoSequence& io, const Now& now);

  void step(const Now& now, NodeId from, Message message) override;
  void timeout(const Now& now) override;
  ProposeResult propose(const Now& now, std::string payload) override;
  void read(const Now& now, ReadId id, ReadMode mode) override;
  ProposeResult change(const Now& now, const ConfigurationChange& change) override;
  bool transfer(const Now& now, NodeId target) override;
  void on_durable(const Now& now, IoId id) override;
  void on_applied(Index index) override;
  void on_storage_fault(const Now& now, const StorageFault& fault) override;
  void on_snapshot_taken(const SnapshotMeta& meta) override;
  void on_snapshot_staged(const Now& now, const SnapshotMeta& meta, bool intact) override;
  SnapshotMeta snapshot_meta(Index applied) const override;
  ProtocolStatus status() const override;
  std::vector<PeerStatus> peers() const override;
  std::optional<Term> term_at(Index index) const override { return log_.term_at(index); }
  const Configuration& configuration() const override {
    return configurations_.latest().configuration;
  }
  void drain(const Now& now, Effects& effects) override;

  // For tests and invariants: the state as it is.
  NodeId self() const { return self_; }
  const RaftOptions& options() const { return options_; }
  const RoleState& role_state() const { return role_; }
  const role::Leader* leader_state() const { return std::get_if<role::Leader>(&role_); }
  Term term() const { return hard_state_.term; }
  const HardState& hard_state() const { return hard_state_; }
  NodeId leader() const { return leader_; }
  const Log& log() const { return log_; }
  Index commit() const { return commit_; }
  Index applied() const { return applied_; }
  Index durable() const { return durable_; }
  const SnapshotMeta& snapshot() const { return snapshot_; }
  const ConfigurationHistory& configurations() const { return configurations_; }
  bool recovering() const { return hard_state_.recovery_term != Term{}; }

 private:
  // A message that waits for the drain to learn which batch it depends on.
  struct PendingMessage {
    Term term;    // dropped if the node has moved on
    Index index;  // the log up to here must be durable; 0: the hard state only
    NodeId to;
    Message message;
  };
  struct Unfinished {
    IoId id;
    Index last;  // the log is durable up to here once `id` is
  };
  struct Staging {
    SnapshotMeta meta;
    std::uint64_t next = 0;  // the first byte that is missing
    std::uint64_t total = 0;
    bool complete = false;  // all pieces are with storage
    Term term;              // in which the last piece came, and its round
    std::uint64_t round = 0;
  };

  // election.cc
  bool may_campaign() const;
  void reset_election_timer(const Now& now);
  bool leader_is_fresh(const Now& now) const;
  void become_follower(const Now& now, Term term, NodeId leader);
  void rehearse(const Now& now);
  void campaign(const Now& now, bool transfer);
  void ask_for_votes(const Now& now);
  void check_votes(const Now& now);
  void become_leader(const Now& now);
  void election_timeout(const Now& now);
  bool log_is_up_to_date(const VoteRequest& request) const;
  bool declines_once(const Now& now, const VoteRequest& request);
  void on_message(const Now& now, NodeId from, const VoteRequest& request);
  void on_message(const Now& now, NodeId from, const VoteReply& reply);
  void on_message(const Now& now, NodeId from, const TimeoutNow& request);
  void continue_transfer(const Now& now, role::Leader& leader);
  void end_transfer(role::Leader& leader, bool aborted);

  // replication.cc
  void append_own(const Now& now, role::Leader& leader, EntryKind kind, std::string payload);
  void replicate(const Now& now, role::Leader& leader);
  void send_to(const Now& now, role::Leader& leader, Progress& peer);
  bool may_send_entries(const Progress& peer) const;
  bool lingers(const Now& now, const Progress& peer) const;
  void send_entries(role::Leader& leader, Progress& peer);
  void send_heartbeat(role::Leader& leader, Progress& peer);
  AppendRequest append_request(const role::Leader& leader, const Progress& peer, Index previous,
                               Term previous_term) const;
  void on_message(const Now& now, NodeId from, const AppendReply& reply);
  void on_conflict(Progress& peer, const AppendReply& reply);
  void after_progress(const Now& now, role::Leader& leader, Progress& peer);
  void maybe_commit(const Now& now, role::Leader& leader);
  void commit_to(Index index);
  void after_leader_commit(const Now& now, role::Leader& leader, Index before);
  void leader_timeout(const Now& now, role::Leader& leader);
  Instant leader_deadline(const Now& now, const role::Leader& leader) const;

  // following.cc
  void heard_from_leader(const Now& now, NodeId leader);
  void on_message(const Now& now, NodeId from, const AppendRequest& request);
  bool accept_entries(const AppendRequest& request);
  void append_received(const EntryRef& entry);
  void truncate_log(Index keep);
  void reply_conflict(NodeId to, const AppendRequest& request);

  // reads.cc
  bool has_committed_in_term(const role::Leader& leader) const;
  bool lease_holds(const Now& now, const role::Leader& leader) const;
  void note_base(const Now& now);
  Instant earlier_written_by(const role::Leader& leader) const;
  void defer_commits(const Now& now, role::Leader& leader);
  bool commits_deferred(const Now& now, role::Leader& leader);
  Instant deferral_end(const Now& now, const role::Leader& leader) const;
  bool read_round_due(const Now& now, const role::Leader& leader) const;
  Instant read_round_deadline(const role::Leader& leader) const;
  void answer_round(const Now& now, role::Leader& leader);
  void begin_rounds(const Now& now, role::Leader& leader);
  void begin_round(const Now& now, role::Leader& leader);
  void ask_quorum(const Now& now, role::Leader& leader);
  void confirm_rounds(role::Leader& leader);
  void start_early_reads(role::Leader& leader);
  void fail_reads(role::Leader& leader);

  // membership.cc
  void take_configuration(Index index, Configuration configuration);
  void update_peers(const Now& now, role::Leader& leader);
  void forget_departed(role::Leader& leader);
  void leave_joint_if_due(const Now& now, role::Leader& leader);
  void leave_if_removed(const Now& now, role::Leader& leader);

  // snapshot_transfer.cc
  void send_snapshot(const Now& now, role::Leader& leader, Progress& peer);
  void on_message(const Now& now, NodeId from, const SnapshotChunk& chunk);
  void on_message(const Now& now, NodeId from, const SnapshotReply& reply);
  void install_snapshot(const SnapshotMeta& meta);
  void reply_snapshot(NodeId to, Index index, SnapshotReply::Status status,
                      std::uint64_t next_offset, std::uint64_t round);

  // recovery.cc
  void start_recovery(const StorageFault& fault);
  bool reaches_recovery_bound(Term last_term, Index last) const;
  void narrow_recovery_bound(const AppendRequest& request);
  void finish_recovery_if_whole(Index verified);
  bool accept_incarnation(role::Leader& leader, Progress& peer, const AppendReply& reply);

  // durability.cc
  bool hard_state_durable() const {
    return hard_state_ == handed_hard_state_ && hard_state_io_ <= durable_io_;
  }
  void form_batch(Effects& effects);
  void release_messages(Effects& effects);
  void release_to_state_machine(Effects& effects);
  bool more_to_apply() const;
  // Sends once the hard state is durable, and the log up to `index`.
  void send_when_durable(NodeId to, Index index, Message message);
  void send_now(NodeId to, Message message);
  IoId gate_of(Index index) const;

  void trace(TraceKind kind, Index index = {}, NodeId peer = {}, std::uint64_t a = 0) {
    out_.trace.push_back({kind, hard_state_.term, index, peer, a});
  }
  Quorums quorums() const { return {configuration(), rule_}; }
  Instant deadline(const Now& now) const;
  void compact_log();

  const NodeId self_;
  const RaftOptions options_;
  const QuorumRule rule_;
  RandomStream& random_;
  IoSequence& io_;

  HardState hard_state_;
  RoleState role_;
  NodeId leader_;
  Instant election_deadline_;
  std::optional<Instant> heard_leader_;  // when; for stickiness
  bool declined_ = false;                // to a lower priority, since a leader was last heard

  Log log_;
  Index base_;          // log_.base() at the last look, and ...
  Instant base_noted_;  // ... when that was: what is compacted away was written before it
  ConfigurationHistory configurations_;
  SnapshotMeta snapshot_;  // the latest; index 0: none
  Index compaction_goal_;  // the log's entries up to here leave, step by step
  Index commit_;
  Index applied_;
  Index released_;  // handed to the state machine up to here

  // Durability.
  HardState handed_hard_state_;  // as last written
  IoId hard_state_io_;
  IoId durable_io_;
  Index handed_;   // entries up to here are with storage
  Index durable_;  // and up to here durable
  std::vector<Unfinished> unfinished_;
  std::vector<PendingMessage> pending_;

  // Snapshots that come in.
  std::optional<Staging> staging_;
  std::optional<SnapshotPiece> piece_;
  std::optional<SnapshotMeta> install_;  // for the next batch
  std::optional<SnapshotMeta> restore_;  // for the state machine, once restore_io_ is durable
  IoId restore_io_;

  std::uint64_t recovery_nonce_ = 0;
  Effects out_;
};

// Makes the Raft core of one replica.
//   self            this node; need not be a member (a joining node is not, until it is added)
//   initial         the configuration at index 0 of a brand-new group; every founding member is
//   given
//                   the same one; empty for a joining node
//   durable         what storage recovered; default-constructed for a new node
//   random, io      must outlive the core
std::unique_ptr<Protocol> make_raft(NodeId self, const RaftOptions& options,
                                    const Configuration& initial, DurableState durable,
                                    RandomStream& random, IoSequence& io, const Now& now);

}  // namespace synchrodb
