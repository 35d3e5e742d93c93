#include "consensus/message.h"

namespace synchrodb {
namespace {

// Far above what a cluster can reach, far below where arithmetic wraps (bug zoo 48).
constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;

template <class... Ids>
bool in_range(const Ids&... ids) {
  return ((ids.value < kLimit) && ...);
}

// Differences of civil times must not wrap either.
bool well_formed(const WallInterval& written) {
  constexpr std::int64_t kFarAway = std::int64_t{1} << 62;  // 146 years from the epoch
  return written.earliest.ns > -kFarAway && written.latest.ns < kFarAway &&
         written.earliest <= written.latest;
}

bool well_formed(const SnapshotMeta& meta) {
  return in_range(meta.index, meta.term, meta.configuration_index) && meta.index && meta.term &&
         meta.configuration_index <= meta.index && is_valid(meta.configuration);
}

bool well_formed(const VoteRequest& m) {
  // Nobody's log can be of a later term than the one campaigned for.
  return in_range(m.term, m.last_index, m.last_term) && m.term && m.last_term <= m.term &&
         static_cast<bool>(m.last_index) == static_cast<bool>(m.last_term);
}

bool well_formed(const VoteReply& m) {
  return in_range(m.term);
}

bool well_formed(const AppendRequest& m) {
  if (!in_range(m.term, m.prev_index, m.prev_term, m.commit, m.recovery_bound) || !m.term ||
      m.prev_term > m.term || static_cast<bool>(m.prev_index) != static_cast<bool>(m.prev_term)) {
    return false;
  }
  Index index = m.prev_index;
  Term term = m.prev_term;
  for (const EntryRef& entry : m.entries) {
    index = index.next();
    if (!entry || entry->index() != index || !entry->term() || entry->term() < term ||
        entry->term() > m.term || !well_formed(entry->written())) {
      return false;
    }
    term = entry->term();
    if (entry->kind() == EntryKind::kConfiguration && !decode_configuration(entry->payload())) {
      return false;
    }
  }
  return in_range(index);
}

bool well_formed(const AppendReply& m) {
  return in_range(m.term, m.index, m.hint_index, m.hint_term) && m.hint_term <= m.term;
}

bool well_formed(const SnapshotChunk& m) {
  if (!in_range(m.term) || !m.term || !well_formed(m.meta) || m.meta.term > m.term || !m.data) {
    return false;
  }
  if (m.total >= kLimit || m.offset > m.total || m.data->size() > m.total - m.offset) return false;
  return !m.data->empty() || m.offset == m.total;
}

bool well_formed(const SnapshotReply& m) {
  return in_range(m.term, m.index) && m.next_offset < kLimit;
}

bool well_formed(const TimeoutNow& m) {
  return in_range(m.term) && m.term;
}

}  // namespace

bool is_well_formed(const Message& message) {
  return std::visit([](const auto& m) { return well_formed(m); }, message);
}

Term term_of(const Message& message) {
  return std::visit([](const auto& m) { return m.term; }, message);
}

const char* name_of(const Message& message) {
  struct Names {
    const char* operator()(const VoteRequest& m) {
      return m.pre_vote ? "pre-vote-request" : "vote-request";
    }
    const char* operator()(const VoteReply& m) {
      return m.pre_vote ? "pre-vote-reply" : "vote-reply";
    }
    const char* operator()(const AppendRequest& m) {
      return m.entries.empty() ? "heartbeat" : "append-request";
    }
    const char* operator()(const AppendReply&) { return "append-reply"; }
    const char* operator()(const SnapshotChunk&) { return "snapshot-chunk"; }
    const char* operator()(const SnapshotReply&) { return "snapshot-reply"; }
    const char* operator()(const TimeoutNow&) { return "timeout-now"; }
  };
  return std::visit(Names{}, message);
}

}  // namespace synchrodb
