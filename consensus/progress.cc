#include "consensus/progress.h"

#include <algorithm>

namespace synchrodb {

void InflightWindow::add(Index last, std::size_t bytes) {
  if (head_ == items_.size()) {
    items_.clear();
    head_ = 0;
  } else if (head_ > 64 && head_ * 2 > items_.size()) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  items_.push_back({last, bytes});
  bytes_ += bytes;
}

void InflightWindow::release_up_to(Index index) {
  while (head_ < items_.size() && items_[head_].last <= index) bytes_ -= items_[head_++].bytes;
}

void InflightWindow::clear() {
  items_.clear();
  head_ = bytes_ = 0;
}

void Progress::ask(std::uint64_t round, Instant now) {
  asked_round = round;
  round_trip.asked(round, now);
}

bool Progress::answer(std::uint64_t round, Instant now) {
  if (round <= acked_round) return false;
  acked_round = round;
  round_trip.answered(round, now);
  return true;
}

void Progress::probe_from(Index index) {
  state = State::kProbe;
  next = std::max(index, match.next());
  paused = false;
  inflight.clear();
}

void Progress::replicate() {
  state = State::kReplicate;
  next = match.next();
  paused = false;
  inflight.clear();
}

void Progress::await_snapshot(Index index) {
  state = State::kSnapshot;
  snapshot = index;
  snapshot_offset = 0;
  snapshot_retry = Instant{};
  paused = false;
  inflight.clear();
}

bool Progress::advance(Index index) {
  inflight.release_up_to(index);
  next = std::max(next, index.next());
  if (index <= match) return false;
  match = index;
  return true;
}

}  // namespace synchrodb
