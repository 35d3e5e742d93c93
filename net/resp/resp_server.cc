#include "net/resp/resp_server.h"

#include <kj/debug.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/log/log.h"
#include "net/resp/resp_connection.h"
#include "net/resp/socket_names.h"

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
      redirect_(std::move(redirect)) {}

RespServer::~RespServer() = default;

void RespServer::serve(kj::Own<kj::ConnectionReceiver> listener, bool plain) {
  while (true) {
    std::string failure;
    try {
      auto stream = loop_.await(listener->accept());
      if (accepting_ && admit(*stream)) start(kj::mv(stream), plain);
    } catch (const kj::Exception& exception) {
      failure = exception.getDescription().cStr();
    }
    if (failure.empty()) continue;
    // Out of descriptors, say, or a client that gave up: others may fare better in a moment.
    log_event(LogLevel::kWarning, "resp", "a connection was not accepted", {{"why", failure}});
    ++counters_.rejected;
    sleep_until(loop_, monotonic_now() + milliseconds(10));
  }
}

bool RespServer::admit(kj::AsyncIoStream& stream) {
  std::string_view refusal;
  if (connections_.size() >= static_cast<std::size_t>(options_.limits.maxclients)) {
    refusal = kTooManyClients;
  } else if (options_.security.protected_mode && options_.security.requirepass.empty() &&
             !is_loopback_peer(stream)) {
    refusal = kProtected;
  }
  if (refusal.empty()) return true;
  ++counters_.rejected;
  say(stream, refusal);
  return false;
}

void RespServer::start(kj::Own<kj::AsyncIoStream> stream, bool plain) {
  ++counters_.connections;
  const int on = 1;
  KJ_IF_MAYBE (fd, stream->getFd()) {
    (void)fd;
    stream->setsockopt(IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (const auto idle = static_cast<int>(options_.network.tcp_keepalive_s); idle > 0) {
      stream->setsockopt(SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      stream->setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    }
  }
  // Behind a pointer whose destructor does not throw.
  auto held = std::make_shared<kj::Own<kj::AsyncIoStream>>(kj::mv(stream));
  loop_.spawn("connection", [this, held, plain, id = ++last_id_] {
    RespConnection connection(*this, kj::mv(*held), plain, id);
    connection.run();
  });
}

bool RespServer::busy() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one.second->busy(); });
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
