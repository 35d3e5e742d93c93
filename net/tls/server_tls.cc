#include "net/tls/server_tls.h"

#include <utility>

#include "net/tls/certificates.h"

namespace synchrodb::net {
namespace {

constexpr kj::Duration kHandshakePatience = 10 * kj::SECONDS;

}  // namespace

Result<ServerTls> ServerTls::make(const ServerOptions& options) {
  const TlsSettings& given = options.tls;
  TlsFiles files;
  files.certificate = {given.tls_cert_file, "tls-cert-file"};
  files.key = {given.tls_key_file, "tls-key-file"};
  files.authorities = {given.tls_ca_cert_file, "tls-ca-cert-file"};
  ServerTls tls;
  if (given.tls_port != 0) {
    files.demand_certificate = given.tls_auth_clients;
    Result<std::unique_ptr<kj::TlsContext>> made = make_tls_context(files);
    if (!made) return made.error();
    tls.clients_ = std::move(made).value();
  }
  if (given.tls_peers) {
    files.demand_certificate = true;
    Result<std::unique_ptr<kj::TlsContext>> made = make_tls_context(files);
    if (!made) return made.error();
    tls.peers_ = std::move(made).value();
  }
  if (given.tls_port != 0 || given.tls_peers) {
    tls.expires_ = certificate_expiry(given.tls_cert_file);
  }
  return tls;
}

kj::Own<kj::AsyncIoStream> accept_tls(Loop& loop, kj::TlsContext& tls,
                                      kj::Own<kj::AsyncIoStream> plain) {
  return loop.await(loop.timer().timeoutAfter(kHandshakePatience, tls.wrapServer(kj::mv(plain))));
}

}  // namespace synchrodb::net
