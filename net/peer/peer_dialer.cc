#include "net/peer/peer_dialer.h"

#include "net/config/host_port.h"
#include "net/loop/refusal.h"
#include "net/peer/peer_socket.h"

namespace synchrodb::net {
kj::Own<kj::AsyncIoStream> PeerDialer::dial(const std::string& address, Duration patience) const {
  kj::Timer& timer = loop_.timer();
  const auto limit = patience.ns * kj::NANOSECONDS;
  kj::Network& network = loop_.io().provider->getNetwork();
  auto host =
      loop_.await(timer.timeoutAfter(limit, network.parseAddress(kj::StringPtr(address.c_str()))));
  auto stream = loop_.await(timer.timeoutAfter(limit, host->connect()));
  set_up_peer_socket(*stream);
  if (tls_ == nullptr) return stream;
  std::string name = name_;
  if (name.empty()) {
    const Result<HostPort> parsed = parse_host_port(address);
    if (!parsed) refuse(parsed.error().message);
    name = parsed.value().host;
  }
  return loop_.await(timer.timeoutAfter(
      limit, tls_->now().wrapClient(kj::mv(stream), kj::StringPtr(name.c_str(), name.size()))));
}

}  // namespace synchrodb::net
