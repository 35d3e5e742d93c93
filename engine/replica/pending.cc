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
  reads_.emplace_hint(reads_.end(), last_, std::move(read));
  return last_;
}

std::optional<PendingReads::Read> PendingReads::take(ReadId id) {
  auto it = reads_.find(id);
  if (it == reads_.end()) return std::nullopt;
  std::optional<Read> read(std::move(it->second));
  reads_.erase(it);
  return read;
}

void PendingReads::wait_for(Index index, Read read) {
  waiting_.emplace(index, std::move(read));
}

std::optional<std::pair<Index, PendingReads::Read>> PendingReads::next_ready(Index applied) {
  auto it = waiting_.begin();
  if (it == waiting_.end() || it->first > applied) return std::nullopt;
  std::optional<std::pair<Index, Read>> ready(std::in_place, it->first, std::move(it->second));
  waiting_.erase(it);
  return ready;
}

}  // namespace synchrodb
