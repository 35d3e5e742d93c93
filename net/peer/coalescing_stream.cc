#include "net/peer/coalescing_stream.h"

#include <kj/debug.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "net/peer/acknowledgement.h"

namespace synchrodb::net {
namespace {

// What is read, with the `have` bytes that were there already. The function is a temporary on
// purpose: KJ keeps a reference to one that has a name.
kj::Promise<std::size_t> behind(std::size_t have, kj::Promise<std::size_t> read) {
  return read.then([have](std::size_t more) { return have + more; });
}

}  // namespace

CoalescingStream::CoalescingStream(kj::Own<kj::AsyncIoStream> inner)
    : inner_(kj::mv(inner)), ahead_(kj::heapArray<kj::byte>(kReadAhead)) {}

kj::Promise<std::size_t> CoalescingStream::tryRead(void* buffer, std::size_t least,
                                                   std::size_t most) {
  auto* to = static_cast<kj::byte*>(buffer);
  const std::size_t have = std::min(most, ahead_end_ - ahead_begin_);
  std::memcpy(to, ahead_.begin() + ahead_begin_, have);
  ahead_begin_ += have;
  if (have >= least) return have;
  if (most - have >= kReadAhead / 2 && allowance_ == kNoLimit) {  // large: no second copy
    unacknowledged_ += most - have;
    return behind(have, inner_->tryRead(to + have, least - have, most - have));
  }
  return inner_->tryRead(ahead_.begin(), 1, kReadAhead)
      .then([this, to, have, least, most](std::size_t read) -> kj::Promise<std::size_t> {
        if (read == 0) return have;
        account(read);
        ahead_begin_ = 0;
        ahead_end_ = read;
        return behind(have, tryRead(to + have, least - have, most - have));
      });
}

void CoalescingStream::account(std::size_t read) {
  unacknowledged_ += read;
  if (allowance_ == kNoLimit) return;
  KJ_REQUIRE(read <= allowance_, "more was sent than a stranger may send");
  allowance_ -= read;
}

kj::Promise<void> CoalescingStream::write(const void* bytes, std::size_t size) {
  const kj::ArrayPtr<const kj::byte> piece(static_cast<const kj::byte*>(bytes), size);
  return write(kj::arrayPtr(&piece, 1));
}

kj::Promise<void> CoalescingStream::write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) {
  for (const auto& piece : pieces) queued_.insert(queued_.end(), piece.begin(), piece.end());
  if (may_wait(pieces)) {
    flush_later();
  } else {
    flush_this_turn();
  }
  return written();
}

bool CoalescingStream::may_wait(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> message) const {
  return timer_ != nullptr && unacknowledged_ < kMostUnacknowledged && is_acknowledgement(message);
}

kj::Promise<void> CoalescingStream::written() {
  if (broken_) return KJ_EXCEPTION(DISCONNECTED, "an earlier write to the peer failed");
  // One waiter stops the RPC system: it writes one message after the other.
  if (queued_.size() < kHighWater || room_.get() != nullptr) return kj::READY_NOW;
  auto paf = kj::newPromiseAndFulfiller<void>();
  room_ = kj::mv(paf.fulfiller);
  return kj::mv(paf.promise);
}

// One timer at a time: what is held while it runs leaves sooner than it might.
void CoalescingStream::flush_later() {
  if (std::exchange(held_, true)) return;
  patience_ = timer_->afterDelay(kPatience)
                  .then([this] {
                    held_ = false;
                    if (!queued_.empty()) flush_this_turn();
                  })
                  .eagerlyEvaluate(nullptr);
}

void CoalescingStream::flush_this_turn() {
  urgent_ = true;
  if (broken_ || std::exchange(flushing_, true)) return;
  flusher_ =
      kj::evalLast([this] { return flush(); }).eagerlyEvaluate([this](kj::Exception&&) { fail(); });
}

kj::Promise<void> CoalescingStream::flush() {
  urgent_ = false;
  unacknowledged_ = 0;
  leaving_.swap(queued_);
  queued_.clear();
  if (room_.get() != nullptr) {
    auto room = kj::mv(room_);
    room->fulfill();
  }
  return inner_->write(leaving_.data(), leaving_.size()).then([this]() -> kj::Promise<void> {
    if (urgent_) return flush();
    flushing_ = false;
    return kj::READY_NOW;
  });
}

void CoalescingStream::fail() {
  broken_ = true;
  inner_->abortRead();
  if (room_.get() != nullptr) {
    auto room = kj::mv(room_);
    room->reject(KJ_EXCEPTION(DISCONNECTED, "the write to the peer failed"));
  }
}

}  // namespace synchrodb::net
