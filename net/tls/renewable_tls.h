// What new connections speak TLS with, which may be replaced while the server runs.
#pragma once

#include <kj/compat/tls.h>

#include <memory>
#include <utility>
#include <vector>

namespace synchrodb::net {

class RenewableTls {
 public:
  explicit RenewableTls(std::unique_ptr<kj::TlsContext> first) : now_(std::move(first)) {}
  RenewableTls(const RenewableTls&) = delete;
  RenewableTls& operator=(const RenewableTls&) = delete;

  // For one handshake: it goes on with this, whatever comes meanwhile.
  kj::TlsContext& now() const { return *now_; }

  void renew(std::unique_ptr<kj::TlsContext> fresh) {
    // Handshakes may be under way. Certificates are renewed a few times in a server's life.
    before_.push_back(std::exchange(now_, std::move(fresh)));
  }

 private:
  std::unique_ptr<kj::TlsContext> now_;
  std::vector<std::unique_ptr<kj::TlsContext>> before_;
};

}  // namespace synchrodb::net
