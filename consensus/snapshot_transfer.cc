// Snapshots on their way to a follower that needs what has been compacted away: thesis 5.1.
//
// One piece is under way at a time. The receiver says what it wants next, so losses, repetitions
// and restarts on either side resume where they must.
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {

void Raft::send_snapshot(const Now& now, role::Leader& leader, Progress& peer) {
  if (snapshot_.index > peer.snapshot) peer.await_snapshot(snapshot_.index);
  if (now.mono < peer.snapshot_retry) return;
  peer.snapshot_retry = now.mono + options_.election_timeout / 2;
  out_.snapshots.push_back({peer.node, term(), peer.snapshot, peer.snapshot_offset,
                            options_.snapshot_chunk_bytes, leader.round});
}

void Raft::on_message(const Now& now, NodeId from, const SnapshotReply& reply) {
  auto* leader = std::get_if<role::Leader>(&role_);
  Progress* peer = leader ? leader->find(from) : nullptr;
  if (!peer || reply.round < peer->fresh_round) return;
  peer->active = true;
  if (reply.round <= leader->round && peer->answer(reply.round, now.mono)) {
    answer_round(now, *leader);
  }
  switch (reply.status) {
    case SnapshotReply::Status::kInstalled: {
      if (reply.index > commit_) return;  // nothing above is in any snapshot of this leader
      const bool news = peer->advance(reply.index);
      if (peer->state == Progress::State::kSnapshot) {
        if (peer->match >= log_.base()) {
          peer->replicate();
        } else {
          peer->await_snapshot(snapshot_.index);
        }
      }
      if (news) after_progress(now, *leader, *peer);
      return;
    }
    case SnapshotReply::Status::kWant:
      if (peer->state != Progress::State::kSnapshot || reply.index < peer->snapshot) return;
      if (reply.index == peer->snapshot && reply.next_offset == peer->snapshot_offset) return;
      peer->snapshot = reply.index;
      peer->snapshot_offset = reply.next_offset;
      peer->snapshot_retry = now.mono;
      return;
    case SnapshotReply::Status::kRejected:
      if (peer->state == Progress::State::kSnapshot) peer->snapshot_offset = 0;
      return;
  }
}

void Raft::reply_snapshot(NodeId to, Index index, SnapshotReply::Status status,
                          std::uint64_t next_offset, std::uint64_t round) {
  SnapshotReply reply;
  reply.term = term();
  reply.index = index;
  reply.status = status;
  reply.next_offset = next_offset;
  reply.round = round;
  const bool promises = status == SnapshotReply::Status::kInstalled;
  send_when_durable(to, promises ? std::min(index, log_.last()) : Index{}, reply);
}

void Raft::on_message(const Now& now, NodeId from, const SnapshotChunk& chunk) {
  if (std::holds_alternative<role::Leader>(role_)) return;
  heard_from_leader(now, from);
  using Status = SnapshotReply::Status;
  const bool old = chunk.meta.index <= commit_;
  if (old && !defect(Defect::kOlderSnapshotOverwritesLog)) {
    // All of it is here already (bug zoo 39).
    return reply_snapshot(from, chunk.meta.index, Status::kInstalled, 0, chunk.round);
  }
  // One piece a batch; and what is staged completely must not be disturbed before it is judged.
  if (piece_ || install_ || (staging_ && staging_->complete)) return;
  const bool same = staging_ && staging_->meta == chunk.meta && staging_->total == chunk.total;
  if (!same) {
    if (chunk.offset != 0) {
      return reply_snapshot(from, chunk.meta.index, Status::kWant, 0, chunk.round);
    }
    staging_ = Staging{};
    staging_->meta = chunk.meta;
    staging_->total = chunk.total;
  }
  if (chunk.offset != staging_->next) {
    return reply_snapshot(from, chunk.meta.index, Status::kWant, staging_->next, chunk.round);
  }
  piece_ = SnapshotPiece{chunk.meta, chunk.offset, chunk.total, chunk.data};
  staging_->next += chunk.data->size();
  staging_->complete = staging_->next == staging_->total;
  staging_->term = term();
  staging_->round = chunk.round;
  if (!staging_->complete) {
    reply_snapshot(from, chunk.meta.index, Status::kWant, staging_->next, chunk.round);
  }
}

void Raft::on_snapshot_staged(const Now&, const SnapshotMeta& meta, bool intact) {
  if (!staging_ || !staging_->complete || staging_->meta != meta) return;
  const std::uint64_t round = staging_->term == term() ? staging_->round : 0;
  staging_.reset();
  if (std::holds_alternative<role::Leader>(role_)) return;
  using Status = SnapshotReply::Status;
  if (!intact) {
    if (leader_) reply_snapshot(leader_, meta.index, Status::kWant, 0, round);
    return;
  }
  if (meta.index > commit_ && log_.term_at(meta.index) == meta.term) {
    // The log holds all of it: what the snapshot adds is the news that it is committed.
    commit_to(meta.index);
  } else if (meta.index > commit_ || defect(Defect::kOlderSnapshotOverwritesLog)) {
    install_snapshot(meta);
  }
  if (recovering() && log_.term_at(meta.index) == meta.term) finish_recovery_if_whole(meta.index);
  if (leader_) reply_snapshot(leader_, meta.index, Status::kInstalled, 0, round);
}

// The log is another one from here on: nothing of the old may stay under or behind the snapshot
// (bug zoo 40).
void Raft::install_snapshot(const SnapshotMeta& meta) {
  snapshot_ = meta;
  install_ = meta;
  restore_ = meta;
  log_.reset(meta.index, meta.term);
  compaction_goal_ = {};
  configurations_.reset(meta.configuration_index, meta.configuration);
  for (Unfinished& batch : unfinished_) batch.last = {};
  durable_ = {};
  handed_ = released_ = meta.index;
  trace(TraceKind::kSnapshotInstalled, meta.index, leader_);
  trace(TraceKind::kConfiguration, meta.configuration_index, {},
        meta.configuration.joint() ? 1 : 0);
  commit_to(meta.index);
}

}  // namespace synchrodb
