#include "sim/oracle/oracle.h"

#include <algorithm>
#include <utility>

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
  if (std::exchange(violated_, true)) return;
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
  }
  fresh.id = id;
  fresh.up = true;
  n = fresh;
}

void Oracle::on_stop(std::uint32_t node) {
  NodeState& n = state(node);
  n.up = false;
  n.leading = false;
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
      if (n.leading) check_durable_quorum(node, protocol, event.index);
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
  const Index last_committed = committed();
  if (status.last < last_committed) {
    violate("leader-completeness", name(node) + " leads " + text(event.term) +
                                       " with a log that ends at " + text(status.last) + ", but " +
                                       text(last_committed) + " is committed");
  }
}

bool Oracle::durable_on_quorum(const std::vector<NodeId>& voters, Index index) const {
  std::size_t holders = 0;
  for (const NodeId voter : voters) {
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
  const Configuration& c = protocol.configuration();
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

void Oracle::on_durable(std::uint32_t node, Index last) {
  state(node).durable = last;
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
