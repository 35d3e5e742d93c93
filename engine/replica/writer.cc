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

Result<> Writer::save_snapshots() {
  SnapshotJob job = std::move(jobs_.front());
  jobs_.erase(jobs_.begin());
  if (Result<> saved =
          storage_.save_snapshot(job.group, job.meta, job.state, job.meta.index.next());
      !saved) {
    return saved;
  }
  client(job.group).on_snapshot_saved(job.meta);
  return {};
}

Error Writer::run() {
  while (true) {
    Result<> done;
    if (!queue_.empty()) {
      done = write_batches();
    } else if (!jobs_.empty()) {
      done = save_snapshots();
    } else if (storage_.needs_confirmation()) {
      if (!work_.wait(env_.clock.now() + confirm_after_)) done = storage_.confirm();
    } else {
      work_.wait();
    }
    if (!done) return done.error();
  }
}

}  // namespace synchrodb
