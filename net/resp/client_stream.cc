#include "net/resp/client_stream.h"

#include <fcntl.h>
#include <kj/debug.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>

namespace synchrodb::net {
namespace {

// A record of TLS: KJ tells only when all is written that it was given.
constexpr std::size_t kWrittenAtOnce = 16 * 1024;

class PlainStream final : public ClientStream {
 public:
  PlainStream(SocketWatch& watch, kj::AutoCloseFd fd) : socket_(watch, kj::mv(fd)) {}
  ~PlainStream() noexcept override = default;

  std::optional<std::size_t> read(char* buffer, std::size_t size, Instant deadline) override {
    return socket_.read(buffer, size, deadline);
  }
  std::optional<std::size_t> write(std::string_view bytes, Instant deadline) override {
    return socket_.write(bytes, deadline);
  }
  bool post(std::string_view bytes) override { return socket_.post(bytes); }
  bool drain(Instant deadline) override { return socket_.drain(deadline); }
  bool takes_posted() override { return socket_.takes_posted(); }
  bool drained() const override { return socket_.drained(); }
  int fd() const override { return socket_.fd(); }

 private:
  WatchedSocket socket_;
};

class KjStream final : public ClientStream {
 public:
  KjStream(Loop& loop, kj::Own<kj::AsyncIoStream> stream, int fd)
      : loop_(loop), stream_(kj::mv(stream)), fd_(fd) {}
  ~KjStream() noexcept override = default;

  std::optional<std::size_t> read(char* buffer, std::size_t size, Instant deadline) override {
    auto read = stream_->tryRead(buffer, 1, size);
    if (deadline == kNever) return loop_.await(kj::mv(read));
    bool silent = false;
    const Duration left = std::max(deadline - monotonic_now(), Duration{});
    kj::Promise<std::size_t> silence =
        loop_.timer().afterDelay(left.ns * kj::NANOSECONDS).then([&silent]() -> std::size_t {
          silent = true;
          return 0;
        });
    const std::size_t bytes = loop_.await(read.exclusiveJoin(kj::mv(silence)));
    return silent ? std::nullopt : std::optional(bytes);
  }
  std::optional<std::size_t> write(std::string_view bytes, Instant deadline) override {
    const std::size_t size = std::min(bytes.size(), kWrittenAtOnce);
    kj::Promise<void> written = stream_->write(bytes.data(), size);
    if (deadline == kNever) {
      loop_.await(kj::mv(written));
      return size;
    }
    bool stuck = false;
    const Duration patience = std::max(deadline - monotonic_now(), Duration{});
    loop_.await(
        written.exclusiveJoin(stands_still(patience, unsent()).then([&] { stuck = true; })));
    return stuck ? std::nullopt : std::optional(size);
  }
  bool post(std::string_view) override { return false; }
  bool drain(Instant) override { return true; }
  bool takes_posted() override { return false; }
  bool drained() const override { return true; }
  int fd() const override { return fd_; }

 private:
  // What the kernel holds for the client.
  int unsent() const {
    int bytes = 0;
    return ::ioctl(fd_, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
  }
  // Once nothing has left for as long. KJ tells of a write that is complete; of one that is not,
  // because a third of the kernel's buffer is not free yet, the kernel knows whether it goes on.
  kj::Promise<void> stands_still(Duration patience, int before) {
    return loop_.timer()
        .afterDelay(patience.ns * kj::NANOSECONDS)
        .then([this, patience, before]() -> kj::Promise<void> {
          const int now = unsent();
          return now == before ? kj::Promise<void>(kj::READY_NOW) : stands_still(patience, now);
        });
  }

  Loop& loop_;
  kj::Own<kj::AsyncIoStream> stream_;
  int fd_;
};

}  // namespace

std::unique_ptr<ClientStream> plain_stream(SocketWatch& watch,
                                           kj::Own<kj::AsyncIoStream> accepted) {
  // KJ does not give a descriptor away, so it is doubled; KJ's is no longer watched once it is
  // gone.
  int copy = -1;
  KJ_SYSCALL(copy = ::fcntl(KJ_ASSERT_NONNULL(accepted->getFd()), F_DUPFD_CLOEXEC, 0));
  kj::AutoCloseFd fd(copy);
  accepted = nullptr;
  return std::make_unique<PlainStream>(watch, kj::mv(fd));
}

std::unique_ptr<ClientStream> stream_of(Loop& loop, kj::Own<kj::AsyncIoStream> stream, int fd) {
  return std::make_unique<KjStream>(loop, kj::mv(stream), fd);
}

}  // namespace synchrodb::net
