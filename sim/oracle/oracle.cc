#include "sim/oracle/oracle.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "sim/oracle/property_table.h"

namespace synchrodb::sim {
namespace {

std::string text(Term term) {
  return "term " + std::to_string(term.value);
}
std::string text(Index index) {
  return "index " + std::to_string(index.value);
}

}  // namespace

Oracle::Oracle(std::function<void(Violation)> on_violation)
    : on_violation_(std::move(on_violation)) {}

void Oracle::violate(const char* property, std::string detail) {
  SYNCHRODB_ASSERT(find_property(property) != nullptr, "each property stands in the table");
  on_violation_(Violation{property, std::move(detail)});
}

Oracle::NodeState& Oracle::state(std::uint32_t node) {
  if (node >= nodes_.size()) nodes_.resize(node + 1);
  return nodes_[node];
}

std::string Oracle::name(std::uint32_t node) const {
  return "n" + std::to_string(nodes_[node].id.value);
}

void Oracle::on_start(std::uint32_t node, NodeId id) {
  NodeState& n = state(node);
  NodeState fresh;
  if (n.id == id) {  // what was durable before a crash still is
    fresh.damaged = n.damaged;
    fresh.durable = n.durable;
    fresh.durable_term = n.durable_term;
    fresh.sent_term = n.sent_term;
    fresh.vote_term = n.vote_term;
    fresh.vote = n.vote;
  }
  fresh.id = id;
  fresh.up = true;
  n = fresh;
}

void Oracle::on_stop(std::uint32_t node) {
  NodeState& n = state(node);
  n.up = false;
  n.leading = false;
  n.protocol = nullptr;
}

void Oracle::on_damage(std::uint32_t node) {
  state(node).damaged = true;
}

void Oracle::on_trace(std::uint32_t node, const Protocol& protocol, const TraceEvent& event) {
  NodeState& n = state(node);
  if (event.term < n.term) {
    violate("term-regression",
            name(node) + " went from " + text(n.term) + " to " + text(event.term));
  }
  n.term = event.term;
  n.protocol = &protocol;
  if (!n.configuration || event.kind == TraceKind::kConfiguration) {
    n.configuration = protocol.configuration();
  }
  switch (event.kind) {
    case TraceKind::kBecameLeader:
      n.leading = true;
      check_leader(node, protocol, event);
      break;
    case TraceKind::kBecameFollower:
    case TraceKind::kBecamePreCandidate:
    case TraceKind::kBecameCandidate:
    case TraceKind::kBecameLearner:
      n.leading = false;
      break;
    case TraceKind::kTruncated:
      if (n.leading) {
        violate("leader-append-only", name(node) + " leads " + text(n.term) +
                                          " and cut its log after " + text(event.index));
      }
      break;
    case TraceKind::kCommitted:
      if (event.index < n.commit) {
        violate("commit-regression",
                name(node) + " went from commit " + text(n.commit) + " to " + text(event.index));
      }
      n.commit = event.index;
      if (n.leading) {
        note_commit(event.term, event.index);
        check_durable_quorum(node, protocol, event.index);
        check_final(node, event.index, protocol.term_at(event.index).value_or(Term{}));
      }
      break;
    case TraceKind::kSnapshotInstalled:  // in the place of the whole log
      n.last = event.index;
      n.last_term = protocol.term_at(event.index).value_or(Term{});
      break;
    case TraceKind::kLeaseServed:
      if (highest_committed_term_ > event.term) {
        violate("lease-disjointness", name(node) + " served a lease read in " + text(event.term) +
                                          " although " + text(highest_committed_term_) +
                                          " has committed");
      }
      break;
    default:
      break;
  }
}

// What leaders of earlier terms have committed. Not what is of an earlier term: one may learn late
// that it has won a term, when a later leader has committed such entries already.
Index Oracle::committed_before(Term term) const {
  const auto later = std::lower_bound(
      commits_.begin(), commits_.end(), term,
      [](const std::pair<Term, Index>& commit, Term t) { return commit.first < t; });
  return later == commits_.begin() ? Index{} : std::min(std::prev(later)->second, committed());
}

void Oracle::note_commit(Term term, Index index) {
  if (!commits_.empty() && (commits_.back().second >= index || commits_.back().first > term))
    return;
  if (!commits_.empty() && commits_.back().first == term) {
    commits_.back().second = index;
  } else {
    commits_.emplace_back(term, index);
  }
}

void Oracle::check_leader(std::uint32_t node, const Protocol& protocol, const TraceEvent& event) {
  const NodeState& n = nodes_[node];
  const auto [it, fresh] = leaders_.emplace(event.term, n.id);
  if (!fresh && it->second != n.id) {
    violate("election-safety", "both n" + std::to_string(it->second.value) + " and " + name(node) +
                                   " lead " + text(event.term));
  }
  // By log matching, holding the last committed entry is holding all of them. The leader's own
  // no-op may be in its log already.
  const ProtocolStatus status = protocol.status();
  const Index last_committed = committed_before(event.term);
  const bool holds =
      status.first > last_committed ||
      (last_committed && protocol.term_at(last_committed) == committed_term(last_committed)) ||
      !last_committed;
  if (!holds) {
    violate("leader-completeness", name(node) + " leads " + text(event.term) +
                                       " with a log that ends at " + text(status.last) + ", but " +
                                       text(last_committed) + " is committed");
  }
}

bool Oracle::durable_on_quorum(const std::vector<NodeId>& voters, Index index) const {
  std::size_t holders = 0;
  for (const NodeId voter : voters) {
    // It may have acknowledged the entry before it lost its disk.
    if (std::find(wiped_.begin(), wiped_.end(), voter) != wiped_.end()) {
      ++holders;
      continue;
    }
    for (const NodeState& n : nodes_) {
      if (n.id == voter && (n.durable >= index || n.damaged)) {
        ++holders;
        break;
      }
    }
  }
  return holders * 2 > voters.size();
}

void Oracle::check_durable_quorum(std::uint32_t node, const Protocol& protocol, Index index) {
  const NodeState& n = nodes_[node];
  const Configuration& c = n.configuration ? *n.configuration : protocol.configuration();
  if (durable_on_quorum(c.voters, index) && (!c.joint() || durable_on_quorum(c.outgoing, index))) {
    return;
  }
  violate("committed-not-durable",
          name(node) + " committed " + text(index) + ", which no quorum has on disk");
}

void Oracle::on_appended(std::uint32_t node, const std::vector<EntryRef>& entries) {
  NodeState& n = state(node);
  const Index first = entries.front()->index();
  if (first <= n.last && n.leading) {
    violate("leader-append-only", name(node) + " leads and replaced " + text(first));
  }
  n.durable = std::min(n.durable, first.previous());
  for (const EntryRef& entry : entries) {
    const std::size_t at = entry->index().value - 1;
    if (at >= known_.size()) known_.resize(at + 1);
    auto& here = known_[at];
    const Term previous = entry == entries.front()
                              ? (n.last == first.previous() ? n.last_term : Term{})
                              : n.last_term;
    n.last = entry->index();
    n.last_term = entry->term();
    const auto same_term = std::find_if(
        here.begin(), here.end(), [&](const Known& known) { return known.term == entry->term(); });
    if (same_term == here.end()) {
      here.push_back(Known{entry->term(), previous, entry->digest()});
      continue;
    }
    if (same_term->digest != entry->digest()) {
      violate("log-matching", name(node) + " holds another entry than its peers at " +
                                  text(entry->index()) + ", " + text(entry->term()));
    }
    if (previous && same_term->previous && same_term->previous != previous) {
      violate("log-matching", name(node) + " holds another predecessor than its peers before " +
                                  text(entry->index()) + ", " + text(entry->term()));
    }
  }
}

void Oracle::on_durable(std::uint32_t node, Index last, Term last_term) {
  NodeState& n = state(node);
  n.durable = last;
  n.durable_term = last_term;
}

void Oracle::on_wiped(std::uint32_t node) {
  wiped_.push_back(state(node).id);
  state(node) = NodeState{};
}

// ---- Promises --------------------------------------------------------------------------------

void Oracle::on_sent(std::uint32_t node, NodeId to, const Message& message) {
  NodeState& n = state(node);
  if (const auto* request = std::get_if<VoteRequest>(&message)) {
    if (request->pre_vote) return;  // of a term that may never be
  } else if (const auto* reply = std::get_if<VoteReply>(&message)) {
    if (reply->pre_vote) return;
    if (reply->granted) {
      if (n.vote_term == reply->term && n.vote != to) {
        violate("promise-broken", name(node) + " voted for both n" + std::to_string(n.vote.value) +
                                      " and n" + std::to_string(to.value) + " in " +
                                      text(reply->term));
      }
      n.vote_term = reply->term;
      n.vote = to;
    }
  }
  n.sent_term = std::max(n.sent_term, term_of(message));
}

void Oracle::on_recovered(std::uint32_t node, const DurableState& durable) {
  const NodeState& n = state(node);
  if (durable.hard_state.term < n.sent_term) {
    violate("promise-broken", name(node) + " sent messages of " + text(n.sent_term) +
                                  " and found " + text(durable.hard_state.term) + " on its disk");
  }
  if (n.vote_term && durable.hard_state.term == n.vote_term &&
      durable.hard_state.voted_for != n.vote) {
    violate("promise-broken", name(node) + " voted for n" + std::to_string(n.vote.value) + " in " +
                                  text(n.vote_term) + " and its disk does not know it");
  }
  for (const EntryRef& entry : durable.entries) {
    const std::size_t at = entry->index().value - 1;
    const bool written = at < known_.size() &&
                         std::any_of(known_[at].begin(), known_[at].end(), [&](const Known& k) {
                           return k.term == entry->term() && k.digest == entry->digest();
                         });
    if (!written) {
      violate("recovered-garbage", name(node) + " found an entry at " + text(entry->index()) +
                                       ", " + text(entry->term()) + ", that nobody wrote");
      return;
    }
  }
}

void Oracle::on_read(Index floor, Index seen) {
  if (seen >= floor) return;
  violate("stale-read", "a read saw the state at " + text(seen) + " although " + text(floor) +
                            " was committed before it began");
}

// ---- What is committed stays committed -------------------------------------------------------

bool Oracle::would_elect(const NodeState& candidate, const std::vector<NodeId>& voters) const {
  std::size_t votes = 0;
  for (const NodeId voter : voters) {
    for (const NodeState& n : nodes_) {
      if (n.id != voter || !n.up || n.protocol == nullptr) continue;
      const bool up_to_date =
          candidate.durable_term > n.durable_term ||
          (candidate.durable_term == n.durable_term && candidate.durable >= n.durable);
      if (up_to_date) ++votes;
      break;
    }
  }
  return votes * 2 > voters.size();
}

bool Oracle::could_win(const NodeState& candidate) const {
  const Configuration& c = candidate.protocol->configuration();
  if (!c.is_voter(candidate.id)) return false;
  return would_elect(candidate, c.voters) && (!c.joint() || would_elect(candidate, c.outgoing));
}

bool Oracle::anyone_could_win() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [this](const NodeState& n) {
    return n.up && n.protocol != nullptr && could_win(n);
  });
}

// Leader completeness, looked at before it is too late: suppose that all messages under way are
// lost, all processes crash, and a node without the entry campaigns.
void Oracle::check_final(std::uint32_t node, Index index, Term term) {
  if (!wiped_.empty()) return;
  for (const NodeState& n : nodes_) {
    if (n.damaged) return;  // such nodes keep their votes to themselves
  }
  for (const NodeState& n : nodes_) {
    // Only where the log in memory, and so the configuration in force, is the one on disk.
    if (!n.up || n.protocol == nullptr || n.durable != n.protocol->status().last) continue;
    if (n.protocol->status().first > index) continue;  // compacted, so it has been committed there
    if (n.protocol->term_at(index) == term || !could_win(n)) continue;
    violate("commit-not-final", name(node) + " committed " + text(index) + ", but n" +
                                    std::to_string(n.id.value) +
                                    " lacks it and could still win an election");
    return;
  }
}

void Oracle::on_applied(std::uint32_t node, const Entry& entry, std::uint64_t digest) {
  NodeState& n = state(node);
  const Index index = entry.index();
  if (n.applied && index != n.applied.next()) {
    violate("state-machine-safety",
            name(node) + " applied " + text(index) + " after " + text(n.applied));
  }
  n.applied = index;
  highest_committed_term_ = std::max(highest_committed_term_, entry.term());
  if (index.value == committed_.size() + 1) {
    note_commit(n.term, index);
    committed_.push_back(Committed{entry.term(), entry.digest(), digest});
    return;
  }
  if (index.value > committed_.size()) {
    violate("state-machine-safety", name(node) + " applied " + text(index) + " while only " +
                                        text(committed()) + " was known");
    return;
  }
  const Committed& known = committed_[index.value - 1];
  if (known.entry != entry.digest()) {
    violate("state-machine-safety", name(node) + " applied an entry of " + text(entry.term()) +
                                        " at " + text(index) + ", where an entry of " +
                                        text(known.term) + " had been applied");
  } else if (known.state != digest) {
    violate("state-divergence", name(node) + " differs in state at " + text(index));
  }
}

void Oracle::on_restored(std::uint32_t node, const SnapshotMeta& meta, std::uint64_t digest) {
  NodeState& n = state(node);
  if (meta.index < n.applied) {
    violate("state-machine-safety", name(node) + " went back from " + text(n.applied) +
                                        " to a snapshot at " + text(meta.index));
  }
  n.applied = meta.index;
  n.durable = std::max(n.durable, meta.index);
  if (meta.index >= n.last) {
    n.last = meta.index;
    n.last_term = meta.term;
  }
  if (meta.index.value > committed_.size()) {
    violate("state-machine-safety", name(node) + " restored a snapshot at " + text(meta.index) +
                                        " beyond the committed " + text(committed()));
    return;
  }
  const Committed& known = committed_[meta.index.value - 1];
  if (known.term != meta.term || known.state != digest) {
    violate("state-divergence", name(node) + " restored a snapshot at " + text(meta.index) +
                                    " that differs from the state applied there");
  }
}

void Oracle::on_acknowledged(Term term, Index index) {
  if (index > committed() || committed_term(index) != term) {
    violate("acknowledged-write-lost", "a client was told of an entry at " + text(index) + ", " +
                                           text(term) + ", that is not committed");
    return;
  }
  acknowledged_.emplace_back(term, index);
}

void Oracle::finish() {
  for (const auto& [term, index] : acknowledged_) {
    for (const NodeState& n : nodes_) {
      if (n.up && n.leading && n.applied < index) {
        violate("acknowledged-write-lost",
                "the leader has not applied an acknowledged write at " + text(index));
      }
    }
  }
}

}  // namespace synchrodb::sim
