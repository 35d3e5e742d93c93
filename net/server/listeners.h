// The ports that a server listens on.
#pragma once

#include <kj/async-io.h>

#include <functional>
#include <string>
#include <vector>

#include "net/config/server_options.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

class Listeners {
 public:
  // What to do with a port, in a fiber of its own that never ends.
  using Serve = std::function<void(kj::Own<kj::ConnectionReceiver>)>;
  using ServeResp = std::function<void(kj::Own<kj::ConnectionReceiver>, bool with_tls)>;

  Listeners(Loop& loop, const ServerOptions& options) : loop_(loop), options_(options) {}

  // Each listens at once, on every address of its kind, and throws kj::Exception naming the option
  // if that cannot be done. Parks.
  void rpc(const Serve& serve) const;
  void resp(const ServeResp& serve) const;
  void http(const Serve& serve) const;

 private:
  void open(const char* option, const std::vector<std::string>& hosts, std::uint16_t port,
            const Serve& serve) const;

  Loop& loop_;
  const ServerOptions& options_;
};

}  // namespace synchrodb::net
