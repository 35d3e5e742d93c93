#include "net/tls/server_tls.h"

#include <utility>

#include "net/tls/certificates.h"

namespace synchrodb::net {
namespace {

constexpr kj::Duration kHandshakePatience = 10 * kj::SECONDS;

struct Contexts {
  std::unique_ptr<kj::TlsContext> clients;  // null: no tls-port
  std::unique_ptr<kj::TlsContext> peers;    // null: tls-peers is off
};

Result<Contexts> contexts_of(const TlsSettings& given) {
  TlsFiles files;
  files.certificate = {given.tls_cert_file, "tls-cert-file"};
  files.key = {given.tls_key_file, "tls-key-file"};
  files.authorities = {given.tls_ca_cert_file, "tls-ca-cert-file"};
  Contexts contexts;
  if (given.tls_port != 0) {
    files.demand_certificate = given.tls_auth_clients;
    Result<std::unique_ptr<kj::TlsContext>> made = make_tls_context(files);
    if (!made) return made.error();
    contexts.clients = std::move(made).value();
  }
  if (given.tls_peers) {
    files.demand_certificate = true;
    Result<std::unique_ptr<kj::TlsContext>> made = make_tls_context(files);
    if (!made) return made.error();
    contexts.peers = std::move(made).value();
  }
  return contexts;
}

}  // namespace

Result<ServerTls> ServerTls::make(const ServerOptions& options) {
  Result<Contexts> made = contexts_of(options.tls);
  if (!made) return made.error();
  auto& [clients, peers] = made.value();
  ServerTls tls;
  if (clients) tls.clients_ = std::make_unique<RenewableTls>(std::move(clients));
  if (peers) tls.peers_ = std::make_unique<RenewableTls>(std::move(peers));
  tls.note_expiry(options);
  return tls;
}

Result<> ServerTls::renew(const ServerOptions& options) {
  Result<Contexts> made = contexts_of(options.tls);
  if (!made) return made.error();
  auto& [clients, peers] = made.value();
  if (clients) clients_->renew(std::move(clients));
  if (peers) peers_->renew(std::move(peers));
  note_expiry(options);
  return {};
}

void ServerTls::note_expiry(const ServerOptions& options) {
  if (clients_ || peers_) expires_ = certificate_expiry(options.tls.tls_cert_file);
}

kj::Own<kj::AsyncIoStream> accept_tls(Loop& loop, RenewableTls& tls,
                                      kj::Own<kj::AsyncIoStream> plain) {
  return loop.await(
      loop.timer().timeoutAfter(kHandshakePatience, tls.now().wrapServer(kj::mv(plain))));
}

}  // namespace synchrodb::net
