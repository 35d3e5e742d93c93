#include "consensus/invariants.h"

#include <algorithm>

namespace synchrodb {
namespace {

std::string at(const Raft& raft,
               std::initializer_list<std::pair<const char*, std::uint64_t>> facts) {
  std::string text =
      "node " + std::to_string(raft.self().value) + " in term " + std::to_string(raft.term().value);
  for (const auto& [name, value] : facts) {
    text += std::string(", ") + name + " " + std::to_string(value);
  }
  return text;
}

}  // namespace

InvariantResult NodeInvariants::check(const Raft& raft) {
  if (auto violation = check_state(raft)) return violation;
  if (seen_) {
    if (raft.term() < term_) {
      return InvariantViolation{"term-monotone", at(raft, {{"before", term_.value}})};
    }
    if (raft.term() == term_ && voted_for_ && raft.hard_state().voted_for != voted_for_) {
      return InvariantViolation{
          "vote-changed-in-term",
          at(raft, {{"from", voted_for_.value}, {"to", raft.hard_state().voted_for.value}})};
    }
    if (raft.commit() < commit_) {
      return InvariantViolation{"commit-monotone",
                                at(raft, {{"from", commit_.value}, {"to", raft.commit().value}})};
    }
    if (raft.applied() < applied_) {
      return InvariantViolation{"applied-monotone",
                                at(raft, {{"from", applied_.value}, {"to", raft.applied().value}})};
    }
  }
  const role::Leader* leader = raft.leader_state();
  if (leader) {
    if (auto violation = check_leader(raft)) return violation;
    matches_.clear();
    for (const Progress& peer : leader->peers) matches_.emplace_back(peer.node, peer.match);
  }
  seen_ = true;
  led_ = leader != nullptr;
  term_ = raft.term();
  voted_for_ = raft.hard_state().voted_for;
  commit_ = raft.commit();
  applied_ = raft.applied();
  last_ = raft.log().last();
  last_term_ = raft.log().last_term();
  configured_ = raft.configurations().latest().index;
  return std::nullopt;
}

InvariantResult NodeInvariants::check_state(const Raft& raft) const {
  const Log& log = raft.log();
  if (raft.commit() > log.last()) {
    return InvariantViolation{"commit-beyond-log", at(raft, {{"commit", raft.commit().value},
                                                             {"last", log.last().value}})};
  }
  if (raft.applied() > raft.commit()) {
    return InvariantViolation{"applied-beyond-commit", at(raft, {{"applied", raft.applied().value},
                                                                 {"commit", raft.commit().value}})};
  }
  if (raft.durable() > log.last()) {
    return InvariantViolation{"durable-beyond-log", at(raft, {{"durable", raft.durable().value},
                                                              {"last", log.last().value}})};
  }
  if (raft.snapshot().index < log.base() || log.last_term() > raft.term()) {
    return InvariantViolation{"log-out-of-bounds", at(raft, {{"base", log.base().value}})};
  }
  if (raft.configurations().latest().index > log.last()) {
    return InvariantViolation{"configuration-beyond-log",
                              at(raft, {{"at", raft.configurations().latest().index.value}})};
  }
  return std::nullopt;
}

InvariantResult NodeInvariants::check_leader(const Raft& raft) const {
  const role::Leader& leader = *raft.leader_state();
  const Log& log = raft.log();
  if (raft.recovering()) return InvariantViolation{"recovering-node-leads", at(raft, {})};
  if (raft.leader() != raft.self() || raft.hard_state().voted_for != raft.self()) {
    return InvariantViolation{"leader-without-own-vote", at(raft, {})};
  }
  const bool still = seen_ && led_ && term_ == raft.term();
  if (still && (log.last() < last_ || (last_ >= log.base() && log.term_at(last_) != last_term_))) {
    return InvariantViolation{"leader-append-only",
                              at(raft, {{"last", log.last().value}, {"before", last_.value}})};
  }
  for (const Progress& peer : leader.peers) {
    if (peer.match > log.last() || peer.next <= peer.match || peer.next > log.last().next()) {
      return InvariantViolation{"progress", at(raft, {{"peer", peer.node.value},
                                                      {"match", peer.match.value},
                                                      {"next", peer.next.value},
                                                      {"last", log.last().value}})};
    }
    // Unless its log was damaged within this term, or it may have left and come back.
    if (!still || peer.fresh_round != 0 || configured_ != raft.configurations().latest().index) {
      continue;
    }
    for (const auto& [node, match] : matches_) {
      if (node == peer.node && peer.match < match) {
        return InvariantViolation{
            "progress-fell",
            at(raft, {{"peer", node.value}, {"from", match.value}, {"to", peer.match.value}})};
      }
    }
  }
  return std::nullopt;
}

InvariantResult ClusterInvariants::observe(const Raft& raft) {
  auto [entry, fresh] = seen_.try_emplace(raft.self());
  Seen& seen = entry->second;
  if (fresh) seen.base = raft.log().base();
  if (auto violation = check_log(raft, seen)) return violation;
  if (auto violation = check_election(raft, seen)) return violation;
  return check_commits(raft, seen);
}

// Two logs that hold an entry of the same index and term are equal up to there: by induction it is
// enough that index and term determine the entry and the term before it.
InvariantResult ClusterInvariants::check_log(const Raft& raft, Seen& seen) {
  const Log& log = raft.log();
  if (log.base() != seen.base) {
    const std::uint64_t gone = log.base().value - seen.base.value;
    if (log.base() < seen.base || gone > seen.digests.size()) {
      seen.digests.clear();
    } else {
      seen.digests.erase(seen.digests.begin(),
                         seen.digests.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    seen.base = log.base();
  }
  const auto entry_at = [&](std::size_t i) -> const Entry& {
    return *log.at(Index{seen.base.value + 1 + i});
  };
  const auto size = static_cast<std::size_t>(log.last().value - log.base().value);
  std::size_t same = std::min(size, seen.digests.size());
  while (same > 0 && seen.digests[same - 1] != entry_at(same - 1).digest()) --same;
  seen.digests.resize(same);
  for (std::size_t i = same; i < size; ++i) {
    const Entry& entry = entry_at(i);
    seen.digests.push_back(entry.digest());
    const Term previous = *log.term_at(entry.index().previous());
    if (written_.size() <= entry.index().value) written_.resize(entry.index().value + 1);
    auto& here = written_[entry.index().value];
    const auto known = std::find_if(here.begin(), here.end(),
                                    [&](const Written& w) { return w.term == entry.term(); });
    if (known == here.end()) {
      here.push_back({entry.term(), previous, entry.digest()});
    } else if (known->digest != entry.digest() || known->previous != previous) {
      return InvariantViolation{"log-matching", at(raft, {{"index", entry.index().value},
                                                          {"entry term", entry.term().value}})};
    }
  }
  return std::nullopt;
}

InvariantResult ClusterInvariants::check_election(const Raft& raft, Seen& seen) {
  if (!raft.leader_state() || seen.led == raft.term()) return std::nullopt;
  seen.led = raft.term();
  const auto [leader, fresh] = leaders_.try_emplace(raft.term(), raft.self());
  if (!fresh && leader->second != raft.self()) {
    return InvariantViolation{"election-safety", at(raft, {{"rival", leader->second.value}})};
  }
  // Leader completeness: the last entry committed in an earlier term stands for those before it.
  for (std::size_t i = committed_.size(); i > 0; --i) {
    const Committed& committed = committed_[i - 1];
    if (committed.in >= raft.term() || committed.digest == 0) continue;
    if (Index{i} <= raft.log().base()) break;
    if (!raft.log().has(Index{i}) || raft.log().at(Index{i})->digest() != committed.digest) {
      return InvariantViolation{"leader-completeness",
                                at(raft, {{"lacks", i}, {"committed in", committed.in.value}})};
    }
    break;
  }
  return std::nullopt;
}

InvariantResult ClusterInvariants::check_commits(const Raft& raft, Seen& seen) {
  const Log& log = raft.log();
  for (Index i = seen.commit.next(); i <= raft.commit(); i = i.next()) {
    const auto slot = static_cast<std::size_t>(i.value - 1);
    if (committed_.size() <= slot) committed_.resize(slot + 1, Committed{0, raft.term()});
    if (!log.has(i)) continue;
    Committed& known = committed_[slot];
    const std::uint64_t digest = log.at(i)->digest();
    if (known.digest == 0) {
      known = {digest, raft.term()};
    } else if (known.digest != digest) {
      return InvariantViolation{"state-machine-safety", at(raft, {{"index", i.value}})};
    }
  }
  seen.commit = raft.commit();
  return std::nullopt;
}

}  // namespace synchrodb
