#include "net/server/rpc_server.h"

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <memory>
#include <utility>

#include "engine/env/sync.h"
#include "net/log/log.h"
#include "net/loop/refusal.h"
#include "net/peer/coalescing_stream.h"
#include "net/peer/peer_socket.h"
#include "net/resp/socket_names.h"
#include "net/tls/server_tls.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kMostConnections = 4096;
constexpr std::size_t kMostStrangers = 256;
constexpr kj::Duration kStrangersStay = 10 * kj::SECONDS;
// A hello with all the addresses that it may have is smaller.
constexpr std::size_t kStrangersBytes = std::size_t{256} << 10;
constexpr std::uint64_t kMostWords = std::uint64_t{1} << 26;  // a frame may have 64 MiB

// While it lives, one more is counted.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(&count) { ++count; }
  ~Counted() { end(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  void end() {
    if (count_ != nullptr) --*std::exchange(count_, nullptr);
  }
  bool ended() const { return count_ == nullptr; }

 private:
  std::size_t* count_;
};

}  // namespace

void RpcServer::serve(kj::Own<kj::ConnectionReceiver> listener) {
  while (true) {
    std::string failure;
    try {
      start(loop_.await(listener->accept()));
    } catch (const kj::Exception& exception) {
      failure = words_of(exception);
    }
    if (failure.empty()) continue;
    ++counters_.rejected;
    log_event(LogLevel::kWarning, "rpc", "a connection was not accepted", {{"why", failure}});
    sleep_until(loop_, monotonic_now() + milliseconds(10));
  }
}

void RpcServer::start(kj::Own<kj::AsyncIoStream> stream) {
  ++counters_.connections;
  if (open_ >= kMostConnections || strangers_ >= kMostStrangers) {
    ++counters_.rejected;
    log_event(LogLevel::kWarning, "rpc", "a connection was not accepted: there are too many");
    return;
  }
  auto held = std::make_shared<kj::Own<kj::AsyncIoStream>>(kj::mv(stream));
  loop_.spawn("rpc connection", [this, held] { serve_connection(kj::mv(*held)); });
}

void RpcServer::serve_connection(kj::Own<kj::AsyncIoStream> stream) {
  const Counted open(open_);
  Counted stranger(strangers_);
  bool secured = tls_ == nullptr;
  std::string peer;
  std::string failure;
  try {
    peer = peer_name(*stream);
    const bool vouched_for = tls_ != nullptr || is_loopback_peer(*stream);
    const int on = 1;
    stream->setsockopt(IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!secured) stream = accept_tls(loop_, *tls_, kj::mv(stream));
    secured = true;
    serve_calls(kj::mv(stream), vouched_for, [&stranger] { stranger.end(); });
  } catch (const kj::Exception& exception) {
    failure = words_of(exception);
  }
  if (stranger.ended()) {
    log_event(LogLevel::kDebug, "rpc", "a connection ended", {{"from", peer}, {"why", failure}});
    return;
  }
  if (!secured) ++counters_.tls_failures;
  ++counters_.strangers;
  log_event(LogLevel::kInfo, "rpc", "a connection ended before it was clear whose it is",
            {{"from", peer}, {"why", failure.empty() ? "it was closed" : failure}});
}

void RpcServer::serve_calls(kj::Own<kj::AsyncIoStream> stream, bool vouched_for,
                            const std::function<void()>& known) {
  bool admitted = false;
  CoalescingStream coalescing(kj::mv(stream));
  coalescing.limit_input(kStrangersBytes);
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = kMostWords;
  capnp::TwoPartyVatNetwork network(coalescing, capnp::rpc::twoparty::Side::SERVER, limits);
  const auto admit = [&](Caller caller) {
    if (caller == Caller::kPeer) {
      set_up_peer_socket(coalescing);
      coalescing.hold_acknowledgements(loop_.timer());
    }
    admitted = true;
    known();
    coalescing.lift_input_limit();
  };
  auto system = capnp::makeRpcServer(network, make_node_({vouched_for, admit}));
  auto patience = loop_.timer().afterDelay(kStrangersStay).then([&admitted]() -> kj::Promise<void> {
    KJ_REQUIRE(admitted, "it did not say who it is in time");
    return kj::NEVER_DONE;
  });
  loop_.await(network.onDisconnect().exclusiveJoin(kj::mv(patience)));
}

}  // namespace synchrodb::net
