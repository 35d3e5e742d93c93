// The global oracle: it sees every node at once, in true time, and judges what no node can.
//
// What it checks, for any correct implementation: oracle/property_table.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/configuration.h"
#include "consensus/protocol.h"

namespace synchrodb::sim {

struct Violation {
  std::string property;
  std::string detail;
};

// One Raft group, all of its nodes. Nodes are numbered as the world numbers them, from 0.
class Oracle {
 public:
  // `on_violation` is called at each contradiction, in their order. After the first one, others may
  // follow from it.
  explicit Oracle(std::function<void(Violation)> on_violation);

  void on_start(std::uint32_t node, NodeId id);  // (re)started, with what its disk holds
  void on_stop(std::uint32_t node);              // crashed or wiped
  // The node's disk was damaged by a fault: it may no longer hold what it once acknowledged.
  void on_damage(std::uint32_t node);

  // `protocol` is the node's own, for its log and configuration.
  void on_trace(std::uint32_t node, const Protocol& protocol, const TraceEvent& event);
  void on_appended(std::uint32_t node, const std::vector<EntryRef>& entries);
  void on_durable(std::uint32_t node, Index last, Term last_term);
  // A message leaves the node.
  void on_sent(std::uint32_t node, NodeId to, const Message& message);
  // What the node found on its disk.
  void on_recovered(std::uint32_t node, const DurableState& durable);
  // The node's disk was emptied: it owes nothing any more.
  void on_wiped(std::uint32_t node);
  // A client's linearizable read, invoked when `floor` was committed, saw the state at `seen`.
  void on_read(Index floor, Index seen);
  void on_applied(std::uint32_t node, const Entry& entry, std::uint64_t state);
  void on_restored(std::uint32_t node, const SnapshotMeta& meta, std::uint64_t state);
  // A client was told that its write is the entry at (term, index).
  void on_acknowledged(Term term, Index index);

  // The log committed so far, as far as any node has applied it.
  Index committed() const { return Index{committed_.size()}; }
  // Term of a committed entry; 1 <= index <= committed().
  Term committed_term(Index index) const { return committed_[index.value - 1].term; }

  // At the end, with all nodes at rest: every acknowledged write is still there.
  void finish();

  // Whether any node that is up could win an election among those that are up, with the logs that
  // are on disks now.
  bool anyone_could_win() const;

 private:
  struct Committed {
    Term term;
    std::uint64_t entry;
    std::uint64_t state;
  };
  // An entry that some node has had at an index.
  struct Known {
    Term term;
    Term previous;
    std::uint64_t digest;
  };
  struct NodeState {
    NodeId id;
    bool up = false;
    bool damaged = false;
    bool leading = false;
    Term term;
    Index commit;
    Index applied;
    Index durable;
    Term durable_term;
    Index last;  // of the log in memory
    Term last_term;
    const Protocol* protocol = nullptr;  // while up
    // In force as far as the events have told: a step may commit and then begin the next change.
    std::optional<Configuration> configuration;
    // Promises that left the node, in this life and earlier ones.
    Term sent_term;
    Term vote_term;
    NodeId vote;
  };

  void violate(const char* property, std::string detail);
  void check_leader(std::uint32_t node, const Protocol& protocol, const TraceEvent& event);
  Index committed_before(Term term) const;
  void note_commit(Term term, Index index);
  void check_durable_quorum(std::uint32_t node, const Protocol& protocol, Index index);
  void check_final(std::uint32_t node, Index index, Term term);
  bool could_win(const NodeState& candidate) const;
  bool would_elect(const NodeState& candidate, const std::vector<NodeId>& voters) const;
  bool durable_on_quorum(const std::vector<NodeId>& voters, Index index) const;
  NodeState& state(std::uint32_t node);
  std::string name(std::uint32_t node) const;

  std::function<void(Violation)> on_violation_;
  std::vector<NodeState> nodes_;
  std::vector<NodeId> wiped_;  // ids whose disks are gone; they neither vote nor return
  std::vector<Committed> committed_;
  std::vector<std::pair<Term, Index>> commits_;  // of each leader's term the last index, rising
  Term highest_committed_term_;
  std::vector<std::vector<Known>> known_;  // by index - 1
  std::map<Term, NodeId> leaders_;
  std::vector<std::pair<Term, Index>> acknowledged_;
};

}  // namespace synchrodb::sim
