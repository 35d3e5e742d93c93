#include "net/resp/resp_server.h"

#include <kj/debug.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/log/log.h"
#include "net/loop/refusal.h"
#include "net/resp/client_socket.h"
#include "net/resp/resp_connection.h"
#include "net/resp/socket_names.h"
#include "net/tls/server_tls.h"

namespace synchrodb::net {
namespace {

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED SynchroDB is running in protected mode because protected mode is enabled and no "
    "password is set for the default user. In this mode connections are only accepted from the "
    "loopback interface. If you want to connect from external computers, either set a password "
    "(requirepass), or disable protected mode (protected-mode no) if you are sure that nobody "
    "else can reach this port.\r\n";

// To a client that is not let in; what does not fit the socket's buffer is not waited for.
void say(kj::AsyncIoStream& stream, std::string_view text) {
  KJ_IF_MAYBE (fd, stream.getFd()) {
    send_what_fits(*fd, text);
  }
}

}  // namespace

RespServer::RespServer(Loop& loop, Clock& clock, Gateway& gateway, ServerCommands& commands,
                       const ServerOptions& options, Redirect redirect)
    : loop_(loop),
      clock_(clock),
      gateway_(gateway),
      commands_(commands),
      options_(options),
      redirect_(std::move(redirect)),
      sockets_(loop) {}

RespServer::~RespServer() = default;

void RespServer::serve(kj::Own<kj::ConnectionReceiver> listener, RenewableTls* tls) {
  while (true) {
    std::string failure;
    try {
      take(loop_.await(listener->accept()), tls);
    } catch (const kj::Exception& exception) {
      failure = words_of(exception);
    }
    if (failure.empty()) continue;
    // Out of descriptors, say: things may be better in a moment.
    log_event(LogLevel::kWarning, "resp", "a connection was not accepted", {{"why", failure}});
    ++counters_.rejected;
    sleep_until(loop_, monotonic_now() + milliseconds(10));
  }
}

void RespServer::take(kj::Own<kj::AsyncIoStream> stream, RenewableTls* tls) {
  if (!accepting_) return;
  // In its own fiber from here on: a client that is gone already is nobody else's trouble.
  auto held = std::make_shared<kj::Own<kj::AsyncIoStream>>(kj::mv(stream));
  loop_.spawn("connection", [this, held, tls] {
    try {
      serve_connection(kj::mv(*held), tls);
    } catch (const kj::Exception& exception) {
      log_event(LogLevel::kDebug, "resp", "connection broke", {{"why", words_of(exception)}});
    }
  });
}

std::string_view RespServer::refusal(kj::AsyncIoStream& stream) const {
  const auto most = static_cast<std::size_t>(options_.limits.maxclients);
  if (connections_.size() + handshakes_ >= most) return kTooManyClients;
  const SecuritySettings& security = options_.security;
  const bool open_to_all = !security.protected_mode || !security.requirepass.empty();
  return open_to_all || is_loopback_peer(stream) ? std::string_view() : kProtected;
}

void RespServer::serve_connection(kj::Own<kj::AsyncIoStream> stream, RenewableTls* tls) {
  if (const std::string_view no = refusal(*stream); !no.empty()) {
    ++counters_.rejected;
    // A client that expects TLS would not understand, and a handshake is more than it is owed.
    if (tls == nullptr) say(*stream, no);
    return;
  }
  ++counters_.connections;
  set_up_client_socket(*stream, options_.network.tcp_keepalive_s);
  SocketNames names = names_of(*stream);
  int fd = -1;  // of the socket beneath TLS, which does not tell it
  KJ_IF_MAYBE (found, stream->getFd()) fd = *found;
  if (tls != nullptr) stream = secure(kj::mv(stream), *tls);
  RespConnection connection(*this,
                            tls != nullptr ? stream_of(loop_, kj::mv(stream), fd)
                                           : plain_stream(sockets_, kj::mv(stream)),
                            std::move(names), tls != nullptr, ++last_id_);
  connection.run();
}

kj::Own<kj::AsyncIoStream> RespServer::secure(kj::Own<kj::AsyncIoStream> stream,
                                              RenewableTls& tls) {
  struct UnderWay {
    explicit UnderWay(std::size_t& all) : count(all) { ++count; }
    ~UnderWay() { --count; }
    std::size_t& count;
  } const under_way(handshakes_);
  const std::string peer = peer_name(*stream);
  try {
    return accept_tls(loop_, tls, kj::mv(stream));
  } catch (const kj::Exception& exception) {
    ++counters_.tls_failures;
    log_event(LogLevel::kInfo, "resp", "a TLS handshake failed",
              {{"client", peer}, {"why", words_of(exception)}});
    throw;
  }
}

bool RespServer::busy() const {
  return std::any_of(connections_.begin(), connections_.end(), [](const auto& one) {
    RespConnection& connection = *one.second;
    return connection.busy() && !connection.client().blocked;
  });
}

std::vector<ClientState*> RespServer::clients() const {
  std::vector<ClientState*> all;
  all.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) all.push_back(&connection->client());
  return all;
}

void RespServer::close(ClientState& client) {
  const auto it = connections_.find(client.id);
  if (it == connections_.end() || !client.close_at_once) return;
  loop_.cancel(it->second->fiber());
}

}  // namespace synchrodb::net
