// What must hold of Raft after every step, whatever happened: a class of its own, apart from the
// code that it judges. Neither changes anything nor decides anything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/raft.h"

namespace synchrodb {

struct InvariantViolation {
  std::string property;  // kebab case
  std::string what;      // which node, which term, which index
};
using InvariantResult = std::optional<InvariantViolation>;

// One node between a start and a crash: its state, and how it changed since the last look. O(peers)
// a call, no allocation while all is well: cheap enough to be always on.
//   term-monotone, vote-changed-in-term, commit-monotone, commit-beyond-log, applied-beyond-commit,
//   applied-monotone, durable-beyond-log, leader-append-only, progress, configuration-beyond-log,
//   recovering-node-leads
class NodeInvariants {
 public:
  InvariantResult check(const Raft& raft);

 private:
  InvariantResult check_state(const Raft& raft) const;
  InvariantResult check_leader(const Raft& raft) const;

  bool seen_ = false;
  Term term_;
  NodeId voted_for_;
  Index commit_;
  Index applied_;
  Index last_;
  Term last_term_;
  Index configured_;
  bool led_ = false;
  std::vector<std::pair<NodeId, Index>> matches_;  // as leader of term_
};

// All nodes of a group together, over the whole run: Raft's safety properties (figure 3.2 of the
// thesis). Call observe() after each step with the node that stepped. O(new entries + new commits)
// a call; memory O(entries ever written), for it remembers a digest of each.
//   election-safety, log-matching, leader-completeness, state-machine-safety
class ClusterInvariants {
 public:
  InvariantResult observe(const Raft& raft);
  // The node crashed: what is seen of it next comes from its disk.
  void forget(NodeId node) { seen_.erase(node); }

  // The greatest index that any node knew to be committed.
  Index committed() const { return Index{committed_.size()}; }
  // The digest of the committed entry at `index`, at most committed(); 0: nobody saw it (a snapshot
  // stood for it).
  std::uint64_t committed_digest(Index index) const {
    return committed_[static_cast<std::size_t>(index.value - 1)].digest;
  }

 private:
  struct Committed {
    std::uint64_t digest;
    Term in;  // the term of the node that was first seen to know
  };
  struct Written {
    Term term;
    Term previous;
    std::uint64_t digest;
  };
  struct Seen {
    Index base;
    std::vector<std::uint64_t> digests;  // of the log after base
    Index commit;
    Term led;
  };

  InvariantResult check_election(const Raft& raft, Seen& seen);
  InvariantResult check_log(const Raft& raft, Seen& seen);
  InvariantResult check_commits(const Raft& raft, Seen& seen);

  std::map<Term, NodeId> leaders_;
  std::vector<std::vector<Written>> written_;  // by index: one for each term seen there
  std::vector<Committed> committed_;           // by index
  std::map<NodeId, Seen> seen_;
};

}  // namespace synchrodb
