#include "sim/kernel/digest.h"

#include <algorithm>

namespace synchrodb::sim {

void Digest::checkpoint_every(std::uint64_t interval) {
  interval_ = interval;
  next_checkpoint_ = interval == 0 ? kNothing : count_ + interval - 1;
  choose_watch();
}

void Digest::record(std::uint64_t from, std::uint64_t to) {
  record_from_ = std::max(from, count_);
  record_to_ = to;
  choose_watch();
}

void Digest::choose_watch() {
  const std::uint64_t next_record =
      record_from_ < record_to_ ? std::max(record_from_, count_) : kNothing;
  watch_ = std::min(next_checkpoint_, next_record < record_to_ ? next_record : kNothing);
}

void Digest::observe(const Entry& entry) {
  if (entry.count >= record_from_ && entry.count < record_to_) entries_.push_back(entry);
  if (entry.count == next_checkpoint_) {
    checkpoints_.push_back(Checkpoint{count_, entry.time, value_});
    next_checkpoint_ += interval_;
  }
  choose_watch();
}

}  // namespace synchrodb::sim
