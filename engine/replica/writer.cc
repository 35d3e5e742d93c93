#include "engine/replica/writer.h"

#include <utility>

#include "consensus/assert.h"

namespace synchrodb {

Writer::Writer(Env& env, Storage& storage, const StorageOptions& options)
    : env_(env), storage_(storage), confirm_after_(options.confirm_after), work_(env.fibers) {}

void Writer::attach(GroupId group, WriterClient* client) {
  clients_.emplace_back(group, client);
}

WriterClient& Writer::client(GroupId group) {
  for (auto& [id, client] : clients_) {
    if (id == group) return *client;
  }
  assertion_failed("attached", "a batch of a group that nobody attached", __FILE__, __LINE__);
}

void Writer::submit(GroupId group, AppendBatch batch) {
  SYNCHRODB_ASSERT(queue_.empty() || queue_.back().batch.id < batch.id, "io ids rise");
  queue_.push_back(GroupBatch{group, std::move(batch)});
  work_.set();
}

void Writer::submit(SnapshotJob job) {
  jobs_.push_back(std::move(job));
  work_.set();
}

Result<> Writer::write_batches() {
  writing_.clear();
  writing_.swap(queue_);
  staged_.clear();
  if (Result<> written = storage_.write(writing_, staged_); !written) return written;
  for (const GroupBatch& done : writing_) client(done.group).on_written(done.batch.id);
  for (const StagedSnapshot& s : staged_) client(s.group).on_staged(s.meta, s.intact);
  return {};
}

// One piece of the first snapshot in the queue.
Result<> Writer::advance_snapshot() {
  const SnapshotJob job = jobs_.front();
  if (!begun_) {
    if (Result<> begun = storage_.begin_snapshot(job.group, job.meta); !begun) return begun;
    begun_ = true;
  }
  piece_.clear();
  const NextPiece next = client(job.group).next_snapshot_piece(piece_);
  Result<> done;
  if (next != NextPiece::kAbandoned) done = storage_.extend_snapshot(job.group, piece_);
  if (done && next == NextPiece::kLast) done = storage_.finish_snapshot(job.group);
  if (done && next == NextPiece::kAbandoned) done = storage_.abandon_snapshot(job.group);
  if (!done || next == NextPiece::kMore) return done;
  jobs_.pop_front();
  begun_ = false;
  piece_ = std::string();
  client(job.group).on_snapshot_ended(job.meta, next == NextPiece::kLast);
  return {};
}

Error Writer::run() {
  while (true) {
    Result<> done;
    // Asked first: when a snapshot ends, every batch submitted before it has been written.
    const bool snapshot = !jobs_.empty();
    if (!queue_.empty()) {
      done = write_batches();
    } else if (!snapshot && storage_.needs_confirmation()) {
      if (!work_.wait(env_.clock.now() + confirm_after_)) done = storage_.confirm();
    } else if (!snapshot) {
      work_.wait();
    }
    if (done && snapshot) done = advance_snapshot();
    if (!done) return done.error();
    // On a disk that does not park, the others get their turn nevertheless.
    if (snapshot) sleep_until(env_.fibers, env_.clock.now());
  }
}

}  // namespace synchrodb
