// Batches, and what waits for them.
//
// Everything that must be written leaves in the next drain as one batch with one id. Messages that
// promise something (a vote, an acknowledgement, the term itself) name the first batch whose
// durability makes the promise true. Acknowledgements are tied to the batch that holds their
// entries and to the term in which they were made: one of an old append can never speak for a newer
// one (bug zoo 27).
#include <algorithm>

#include "consensus/defects.h"
#include "consensus/raft.h"

namespace synchrodb {

void Raft::form_batch(Effects& effects) {
  const bool write_hard_state = hard_state_ != handed_hard_state_;
  if (!write_hard_state && handed_ == log_.last() && !piece_ && !install_) return;
  AppendBatch& batch = effects.append.emplace();
  batch.id = io_.next();
  if (write_hard_state) {
    batch.hard_state = hard_state_;
    if (defect(Defect::kVoteNotPersisted) && hard_state_.voted_for != self_) {
      batch.hard_state->voted_for = {};
    }
    handed_hard_state_ = hard_state_;
    hard_state_io_ = batch.id;
  }
  if (piece_) batch.piece = std::move(piece_);
  piece_.reset();
  if (install_) {
    batch.install = std::move(install_);
    install_.reset();
    restore_io_ = batch.id;
  }
  if (handed_ < log_.last()) {
    batch.entries.reserve(static_cast<std::size_t>(log_.last().value - handed_.value));
    for (Index i = std::max(handed_, log_.base()).next(); i <= log_.last(); i = i.next()) {
      batch.entries.push_back(log_.at(i));
    }
    handed_ = log_.last();
  }
  unfinished_.push_back({batch.id, handed_});
}

void Raft::on_durable(const Now& now, IoId id) {
  if (id <= durable_io_) return;
  durable_io_ = id;
  std::size_t done = 0;
  while (done < unfinished_.size() && unfinished_[done].id <= id) {
    durable_ = std::max(durable_, unfinished_[done].last);
    ++done;
  }
  if (done == 0) return;
  unfinished_.erase(unfinished_.begin(), unfinished_.begin() + static_cast<std::ptrdiff_t>(done));
  if (auto* leader = std::get_if<role::Leader>(&role_)) {
    maybe_commit(now, *leader);
  } else {
    check_votes(now);  // the own vote counts from now on
  }
}

IoId Raft::gate_of(Index index) const {
  IoId gate;
  if (hard_state_io_ > durable_io_) gate = hard_state_io_;
  if (index <= durable_) return gate;
  for (const Unfinished& batch : unfinished_) {
    if (batch.last >= index) return std::max(gate, batch.id);
  }
  SYNCHRODB_ASSERT(false, "what is acknowledged has been handed to storage");
}

void Raft::send_when_durable(NodeId to, Index index, Message message) {
  if (index <= durable_ && hard_state_durable()) return send_now(to, std::move(message));
  pending_.push_back({term(), index, to, std::move(message)});
}

void Raft::send_now(NodeId to, Message message) {
  out_.send.push_back({to, std::move(message)});
}

void Raft::release_messages(Effects& effects) {
  for (PendingMessage& waiting : pending_) {
    // The node has moved on before anything was written: what it would have promised never was.
    if (waiting.term != term() || waiting.index > log_.last()) continue;
    const IoId gate = gate_of(waiting.index);
    if (gate) {
      effects.gated.push_back({gate, waiting.to, std::move(waiting.message)});
    } else {
      send_now(waiting.to, std::move(waiting.message));
    }
  }
  pending_.clear();
}

// Committed entries leave once, in order, whether or not they are durable here: a quorum has them.
// A state machine that must first be restored waits until the snapshot's installation is durable.
void Raft::release_to_state_machine(Effects& effects) {
  if (restore_) {
    if (restore_io_ > durable_io_) return;
    effects.restore = std::move(restore_);
    restore_.reset();
  }
  // A log that is read again, or caught up with, would hold up everybody else until its end.
  std::size_t bytes = 0;
  while (more_to_apply() && effects.apply.size() < options_.apply_entries &&
         bytes <= options_.apply_bytes) {
    released_ = released_.next();
    effects.apply.push_back(log_.at(released_));
    bytes += effects.apply.back()->size();
  }
}

bool Raft::more_to_apply() const {
  return !restore_ && released_ < std::min(commit_, log_.last());
}

}  // namespace synchrodb
