#include "net/peer/peer_dialer.h"

#include <kj/debug.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "net/config/host_port.h"

namespace synchrodb::net {
namespace {

// What a peer's machine does not acknowledge in this time ends the connection. Without it a
// connection outlives a partition, and its next attempt to send may be minutes after the end of
// that.
constexpr unsigned kUnheardMs = 5'000;

}  // namespace

kj::Own<kj::AsyncIoStream> PeerDialer::dial(const std::string& address, Duration patience) const {
  kj::Timer& timer = loop_.timer();
  const auto limit = patience.ns * kj::NANOSECONDS;
  kj::Network& network = loop_.io().provider->getNetwork();
  auto host =
      loop_.await(timer.timeoutAfter(limit, network.parseAddress(kj::StringPtr(address.c_str()))));
  auto stream = loop_.await(timer.timeoutAfter(limit, host->connect()));
  const int on = 1;
  stream->setsockopt(IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  stream->setsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnheardMs, sizeof kUnheardMs);
  if (tls_ == nullptr) return stream;
  std::string name = name_;
  if (name.empty()) {
    const Result<HostPort> parsed = parse_host_port(address);
    KJ_REQUIRE(parsed.ok(), parsed.error().message.c_str());
    name = parsed.value().host;
  }
  return loop_.await(timer.timeoutAfter(
      limit, tls_->now().wrapClient(kj::mv(stream), kj::StringPtr(name.c_str(), name.size()))));
}

}  // namespace synchrodb::net
