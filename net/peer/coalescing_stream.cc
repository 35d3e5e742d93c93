#include "net/peer/coalescing_stream.h"

#include <kj/debug.h>

#include <algorithm>
#include <cstring>

namespace synchrodb::net {

CoalescingStream::CoalescingStream(kj::Own<kj::AsyncIoStream> inner)
    : inner_(kj::mv(inner)), ahead_(kj::heapArray<kj::byte>(kReadAhead)) {}

kj::Promise<std::size_t> CoalescingStream::tryRead(void* buffer, std::size_t least,
                                                   std::size_t most) {
  auto* to = static_cast<kj::byte*>(buffer);
  const std::size_t have = std::min(most, ahead_end_ - ahead_begin_);
  std::memcpy(to, ahead_.begin() + ahead_begin_, have);
  ahead_begin_ += have;
  if (have >= least) return have;
  const auto add = [have](std::size_t more) { return have + more; };
  if (most - have >= kReadAhead / 2 && allowance_ == kNoLimit) {  // large: no second copy
    return inner_->tryRead(to + have, least - have, most - have).then(add);
  }
  return inner_->tryRead(ahead_.begin(), 1, kReadAhead)
      .then([this, to, have, least, most, add](std::size_t read) -> kj::Promise<std::size_t> {
        if (read == 0) return have;
        account(read);
        ahead_begin_ = 0;
        ahead_end_ = read;
        return tryRead(to + have, least - have, most - have).then(add);
      });
}

void CoalescingStream::account(std::size_t read) {
  if (allowance_ == kNoLimit) return;
  KJ_REQUIRE(read <= allowance_, "more was sent than a stranger may send");
  allowance_ -= read;
}

kj::Promise<void> CoalescingStream::write(const void* bytes, std::size_t size) {
  const auto* from = static_cast<const kj::byte*>(bytes);
  queued_.insert(queued_.end(), from, from + size);
  return written();
}

kj::Promise<void> CoalescingStream::write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) {
  for (const auto& piece : pieces) queued_.insert(queued_.end(), piece.begin(), piece.end());
  return written();
}

kj::Promise<void> CoalescingStream::written() {
  if (broken_) return KJ_EXCEPTION(DISCONNECTED, "an earlier write to the peer failed");
  if (!flushing_) {
    flushing_ = true;
    flusher_ = kj::evalLast([this] { return flush(); }).eagerlyEvaluate([this](kj::Exception&&) {
      fail();
    });
  }
  // One waiter stops the RPC system: it writes one message after the other.
  if (queued_.size() < kHighWater || room_.get() != nullptr) return kj::READY_NOW;
  auto paf = kj::newPromiseAndFulfiller<void>();
  room_ = kj::mv(paf.fulfiller);
  return kj::mv(paf.promise);
}

kj::Promise<void> CoalescingStream::flush() {
  leaving_.swap(queued_);
  queued_.clear();
  if (room_.get() != nullptr) {
    auto room = kj::mv(room_);
    room->fulfill();
  }
  return inner_->write(leaving_.data(), leaving_.size()).then([this]() -> kj::Promise<void> {
    if (!queued_.empty()) return flush();
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
