// A stream under Cap'n Proto RPC that gathers what an event-loop turn writes into one system call.
#pragma once

#include <kj/async-io.h>
#include <kj/timer.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace synchrodb::net {

// Cap'n Proto 0.9 writes each message by itself, and reads each one in two steps. Here all messages
// of a turn leave in one write, and reads go ahead into a buffer. Backpressure: a writer waits once
// more than kHighWater bytes are queued.
class CoalescingStream final : public kj::AsyncIoStream {
 public:
  explicit CoalescingStream(kj::Own<kj::AsyncIoStream> inner);

  // From now on what nobody waits for (acknowledgement.h) travels with what is sent next, or leaves
  // by itself after kPatience or once kMostUnacknowledged bytes have come: each message to a peer
  // would wake it a second time otherwise. `timer` outlives this.
  void hold_acknowledgements(kj::Timer& timer) { timer_ = &timer; }

  // Reading fails once more than `bytes` have come from now on, until the limit is lifted: for a
  // stranger, whose messages may be as large as it says.
  void limit_input(std::size_t bytes) { allowance_ = bytes; }
  void lift_input_limit() { allowance_ = kNoLimit; }

  kj::Promise<std::size_t> tryRead(void* buffer, std::size_t least, std::size_t most) override;
  kj::Promise<void> write(const void* bytes, std::size_t size) override;
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override;
  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }
  void shutdownWrite() override { inner_->shutdownWrite(); }
  void abortRead() override { inner_->abortRead(); }
  void getsockopt(int level, int option, void* value, kj::uint* length) override {
    inner_->getsockopt(level, option, value, length);
  }
  void setsockopt(int level, int option, const void* value, kj::uint length) override {
    inner_->setsockopt(level, option, value, length);
  }
  kj::Maybe<int> getFd() const override { return inner_->getFd(); }

 private:
  static constexpr std::size_t kHighWater = 1 << 20;
  static constexpr std::size_t kReadAhead = 64 * 1024;
  // Longer than from one heartbeat to the next, at the defaults.
  static constexpr kj::Duration kPatience = 100 * kj::MILLISECONDS;
  // Less than the window of a streaming call, whose sender waits when it is full.
  static constexpr std::size_t kMostUnacknowledged = 16 * 1024;
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  void account(std::size_t read);
  bool may_wait(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> message) const;
  kj::Promise<void> written();
  void flush_later();
  void flush_this_turn();
  kj::Promise<void> flush();
  void fail();

  kj::Own<kj::AsyncIoStream> inner_;
  kj::Array<kj::byte> ahead_;
  std::size_t ahead_begin_ = 0;
  std::size_t ahead_end_ = 0;
  std::size_t allowance_ = kNoLimit;
  std::vector<kj::byte> queued_;
  std::vector<kj::byte> leaving_;
  std::size_t unacknowledged_ = 0;  // read since the last flush
  kj::Timer* timer_ = nullptr;
  bool flushing_ = false;
  bool urgent_ = false;  // something in the queue may not wait
  bool broken_ = false;
  kj::Own<kj::PromiseFulfiller<void>> room_;
  bool held_ = false;
  kj::Promise<void> patience_ = nullptr;
  kj::Promise<void> flusher_ = nullptr;  // these last: they refer to all of the above
};

}  // namespace synchrodb::net
