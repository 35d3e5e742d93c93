// NodeStorage::recover: what the directory holds becomes what the groups know.
#include <algorithm>

#include "consensus/assert.h"
#include "engine/storage/group_recovery.h"
#include "engine/storage/node_storage.h"

namespace synchrodb::storage {

namespace {

using Candidates = std::map<GroupId, std::vector<SnapshotCandidate>>;

// Every group that has left a trace outside the log, with its newest intact snapshot.
std::map<GroupId, ReplayedGroup> known_groups(const std::map<GroupId, HardState>& states,
                                              const Candidates& candidates) {
  std::map<GroupId, ReplayedGroup> known;
  for (const auto& [group, state] : states) known.try_emplace(group);
  for (const auto& [group, files] : candidates) {
    ReplayedGroup& g = known[group];
    auto intact = std::find_if(files.begin(), files.end(),
                               [](const SnapshotCandidate& c) { return c.intact; });
    if (intact != files.end()) g.snapshot = intact->meta;
  }
  return known;
}

}  // namespace

Result<std::map<GroupId, DurableState>> NodeStorage::recover() {
  SYNCHRODB_ASSERT(!recovered_ && !failed_, "recover() is called once");
  Result<std::map<GroupId, DurableState>> recovered = recover_all();
  if (!recovered) {
    failed_ = recovered.error();
    return recovered;
  }
  recovered_ = true;
  return recovered;
}

Result<std::map<GroupId, DurableState>> NodeStorage::recover_all() {
  Result<std::vector<std::string>> names = disk_.list();
  if (!names) return names.error();
  std::vector<std::uint64_t> segments;
  for (const std::string& name : names.value()) {
    if (auto number = parse_segment_name(name)) segments.push_back(*number);
    if (name != kNewSegmentName) continue;
    if (Result<> r = disk_.remove(name); !r) return r.error();
  }
  Result<Candidates> candidates = snapshots_.examine(names.value());
  if (!candidates) return candidates.error();
  const bool lived = !segments.empty() || !candidates.value().empty();
  if (Result<> r = hard_states_.recover(lived); !r) return r.error();
  // Before anything else exists: without them a directory that holds a log has lost its votes.
  if (Result<> r = disk_.sync_directory(); !r) return r.error();
  const std::map<GroupId, HardState> hard_states = hard_states_.states();

  LogRecovery log(disk_, known_groups(hard_states, candidates.value()));
  const bool expect_log = !hard_states.empty() || !candidates.value().empty();
  if (Result<> r = log.run(segments, expect_log); !r) return r.error();

  std::map<GroupId, DurableState> states;
  std::vector<GroupId> rewrite;
  for (auto& [group, replayed] : log.groups()) {
    DurableState& state = states[group];
    if (auto it = hard_states.find(group); it != hard_states.end()) state.hard_state = it->second;
    if (recover_group(group, std::move(replayed), candidates.value()[group], state) ||
        log.rewrite_all()) {
      rewrite.push_back(group);
    }
  }
  wal_.resume(log);
  if (Result<> r = start_fresh_segment(log, std::move(rewrite)); !r) return r.error();
  if (Result<> r = snapshots_.remove_others(names.value()); !r) return r.error();
  if (log.tail_cut()) observer_.on_mark("a torn log tail was cut");
  if (log.damaged()) observer_.on_mark("recovery found a damaged log");
  return states;
}

bool NodeStorage::recover_group(GroupId group, ReplayedGroup replayed,
                                const std::vector<SnapshotCandidate>& candidates,
                                DurableState& state) {
  for (auto it = candidates.rbegin(); it != candidates.rend(); ++it) {
    if (it->intact) snapshots_.adopt(group, *it);
  }
  state.snapshot = replayed.snapshot;
  RecoveredGroup joined =
      join_log_and_snapshot(std::move(replayed), candidates, state.hard_state.term);
  GroupLog& log = groups_[group] = std::move(joined.log);
  state.entries.assign(log.entries().begin(), log.entries().end());
  if (log.fault) {
    state.fault = StorageFault{log.last(), log.fault->term, log.fault->index};
    if (remembers(state.hard_state, *log.fault)) log.fault.reset();
  }
  return joined.rewrite;
}

// If the sync of the last batch failed before the restart, then what was read of it came from a
// page cache that believes it clean, and no second sync would write it (Rebello et al., USENIX ATC
// 2020).
void NodeStorage::encode_last_batch_again(const std::vector<Record>& records,
                                          const std::vector<GroupId>& except,
                                          std::uint64_t segment) {
  for (const Record& r : records) {
    if (std::binary_search(except.begin(), except.end(), r.group)) continue;
    if (r.type == RecordType::kEntry) {
      builder_.entry(r.group, *r.entry, r.previous_term);
      GroupLog& log = groups_[r.group];
      if (r.entry->index() > log.base()) log.note_run(r.entry->index(), segment);
    } else if (r.type == RecordType::kReset || r.type == RecordType::kFaultResolved) {
      builder_.position(r.type, r.group, r.index, r.term);
    }
  }
}

Result<> NodeStorage::start_fresh_segment(const LogRecovery& log, std::vector<GroupId> rewrite) {
  builder_.clear();
  const std::uint64_t segment = wal_.next_segment();
  const std::vector<GroupId> copies = choose_copies(std::move(rewrite), options_.segment_bytes / 2);
  encode_last_batch_again(log.last_batch(), copies, segment);
  const std::uint64_t head = encode_epilogue(segment, copies);
  if (Result<> r = wal_.rotate(builder_.length()); !r) return r;
  if (Result<> r = wal_.write(builder_); !r) return r;
  needs_confirmation_ = true;
  // Damaged segments are not used again.
  return wal_.release_below(head, !log.damaged());
}

}  // namespace synchrodb::storage
