#include "engine/replica/pending.h"

#include <algorithm>
#include <utility>

namespace synchrodb {

void PendingWrites::add(Proposed at, std::unique_ptr<Responder> responder) {
  auto place = writes_.end();
  while (place != writes_.begin() && std::prev(place)->at.index > at.index) --place;
  writes_.insert(place, Write{at, std::move(responder)});
}

std::unique_ptr<Responder> PendingWrites::resolve(
    Term term, Index index, std::vector<std::unique_ptr<Responder>>& overwritten) {
  std::unique_ptr<Responder> found;
  while (!writes_.empty() && writes_.front().at.index <= index) {
    Write& write = writes_.front();
    if (write.at.index == index && write.at.term == term) {
      found = std::move(write.responder);
    } else {
      overwritten.push_back(std::move(write.responder));
    }
    writes_.pop_front();
  }
  return found;
}

std::vector<std::unique_ptr<Responder>> PendingWrites::take_up_to(Index index) {
  std::vector<std::unique_ptr<Responder>> taken;
  while (!writes_.empty() && writes_.front().at.index <= index) {
    taken.push_back(std::move(writes_.front().responder));
    writes_.pop_front();
  }
  return taken;
}

ReadId PendingReads::add(Read read) {
  last_ = last_.next();
  reads_.emplace_back(std::move(read));
  ++asked_;
  return last_;
}

std::optional<PendingReads::Read> PendingReads::take(ReadId id) {
  const std::uint64_t newer = last_.value - id.value;
  if (id > last_ || newer >= reads_.size()) return std::nullopt;
  std::optional<Read> read = std::exchange(reads_[reads_.size() - 1 - newer], std::nullopt);
  if (read) --asked_;
  while (!reads_.empty() && !reads_.front()) reads_.pop_front();
  return read;
}

void PendingReads::wait_for(Index index, Read read) {
  auto place = waiting_.end();
  while (place != waiting_.begin() && std::prev(place)->index > index) --place;
  waiting_.insert(place, Waiting{index, std::move(read)});
}

void PendingReads::take_ready(Index applied, std::vector<Waiting>& ready) {
  while (!waiting_.empty() && waiting_.front().index <= applied) {
    ready.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

}  // namespace synchrodb
