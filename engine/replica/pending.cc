#include "engine/replica/pending.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace synchrodb {

void PendingWrites::add(Proposed at, std::unique_ptr<Responder> responder,
                        std::optional<RequestName> name) {
  if (name) named_.insert_or_assign(*name, at);
  auto place = writes_.end();
  while (place != writes_.begin() && std::prev(place)->at.index > at.index) --place;
  writes_.insert(place, Write{at, std::move(responder), name});
}

std::optional<Proposed> PendingWrites::find(const RequestName& name) const {
  const auto found = named_.find(name);
  return found == named_.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Responder> PendingWrites::replace(const Proposed& at,
                                                  std::unique_ptr<Responder> responder) {
  auto place = std::partition_point(writes_.begin(), writes_.end(),
                                    [&](const Write& write) { return write.at.index < at.index; });
  while (place != writes_.end() && place->at != at) ++place;
  SYNCHRODB_ASSERT(place != writes_.end(), "what is named is pending");
  return std::exchange(place->responder, std::move(responder));
}

void PendingWrites::pop_front() {
  const Write& write = writes_.front();
  // The request may have been proposed again since, under another leadership of this node.
  if (write.name) {
    const auto named = named_.find(*write.name);
    if (named != named_.end() && named->second == write.at) named_.erase(named);
  }
  writes_.pop_front();
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
    pop_front();
  }
  return found;
}

std::vector<std::unique_ptr<Responder>> PendingWrites::take_up_to(Index index) {
  std::vector<std::unique_ptr<Responder>> taken;
  while (!writes_.empty() && writes_.front().at.index <= index) {
    taken.push_back(std::move(writes_.front().responder));
    pop_front();
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
