#include "net/server/listeners.h"

#include <memory>

#include "net/config/host_port.h"
#include "net/loop/refusal.h"

namespace synchrodb::net {

void Listeners::rpc(const Serve& serve) const {
  open("rpc-port", rpc_bind(options_), rpc_port(options_), serve);
}

void Listeners::resp(const ServeResp& serve) const {
  for (const bool with_tls : {false, true}) {
    open(
        with_tls ? "tls-port" : "port", options_.network.bind,
        with_tls ? options_.tls.tls_port : options_.network.port,
        [serve, with_tls](kj::Own<kj::ConnectionReceiver> door) { serve(kj::mv(door), with_tls); });
  }
}

void Listeners::http(const Serve& serve) const {
  open("http-port", http_bind(options_), http_port(options_), serve);
}

void Listeners::open(const char* option, const std::vector<std::string>& hosts, std::uint16_t port,
                     const Serve& serve) const {
  if (port == 0) return;
  for (const std::string& host : hosts) {
    const std::string address = is_wildcard(host) ? "*" : host;
    std::string failure;
    try {
      auto parsed = loop_.await(
          loop_.io().provider->getNetwork().parseAddress(kj::StringPtr(address.c_str()), port));
      auto receiver = std::make_shared<kj::Own<kj::ConnectionReceiver>>(parsed->listen());
      loop_.spawn(option, [serve, receiver] { serve(kj::mv(*receiver)); });
    } catch (const kj::Exception& exception) {
      failure = words_of(exception);
    }
    if (failure.empty()) continue;
    refuse("cannot listen at " + address + ":" + std::to_string(port) + " (" + option +
           "): " + failure);
  }
}

}  // namespace synchrodb::net
