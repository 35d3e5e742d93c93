#include "net/server/node_service.h"

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <memory>
#include <utility>

#include "engine/env/sync.h"
#include "net/log/log.h"
#include "net/peer/coalescing_stream.h"

namespace synchrodb::net {
namespace {

std::string_view text(capnp::Data::Reader bytes) {
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

}  // namespace

NodeService::NodeService(const ClusterIdentity& identity, const AddressBook& book,
                         RpcTransport& transport, std::function<void()> learned,
                         std::function<wire::Administration::Client()> administration,
                         std::function<std::string()> client_password,
                         std::function<wire::Database::Client()> database)
    : identity_(identity),
      book_(book),
      transport_(transport),
      learned_(std::move(learned)),
      administration_(std::move(administration)),
      client_password_(std::move(client_password)),
      database_(std::move(database)) {}

kj::Promise<void> NodeService::peer(PeerContext context) {
  const auto hello = context.getParams().getHello();
  if (const Result<> checked = check_hello(hello, identity_, NodeId{}); !checked) {
    log_event(LogLevel::kWarning, "peer", "refused a connection",
              {{"node", hello.getNode()}, {"why", checked.error().message}});
    return KJ_EXCEPTION(FAILED, checked.error().message.c_str());
  }
  if (transport_.learn(addresses_of(hello))) learned_();
  auto results = context.getResults();
  write_hello(results.initHello(), identity_, NodeId{}, book_);
  results.setPeer(transport_.peer_service(NodeId{hello.getNode()}));
  return kj::READY_NOW;
}

kj::Promise<void> NodeService::administration(AdministrationContext context) {
  const auto given = context.getParams().getPassword();
  if (!same_secret(text(given), identity_.secret)) {
    log_event(LogLevel::kWarning, "admin", "refused an operator: wrong password");
    return KJ_EXCEPTION(FAILED, "the password is wrong: operators need the cluster-secret");
  }
  context.getResults().setAdministration(administration_());
  return kj::READY_NOW;
}

kj::Promise<void> NodeService::database(DatabaseContext context) {
  const std::string wanted = client_password_();
  if (!wanted.empty() && !same_secret(text(context.getParams().getPassword()), wanted)) {
    log_event(LogLevel::kWarning, "database", "refused a client: wrong password");
    return KJ_EXCEPTION(FAILED, "the password is wrong: clients need the server's requirepass");
  }
  context.getResults().setDatabase(database_());
  return kj::READY_NOW;
}

namespace {

void serve_connection(Loop& loop, kj::Own<kj::AsyncIoStream> stream, wire::Node::Client node) {
  const int on = 1;
  stream->setsockopt(IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  CoalescingStream coalescing(kj::mv(stream));
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = std::uint64_t{1} << 26;  // a frame may have 64 MiB
  capnp::TwoPartyVatNetwork network(coalescing, capnp::rpc::twoparty::Side::SERVER, limits);
  auto system = capnp::makeRpcServer(network, kj::mv(node));
  try {
    loop.await(network.onDisconnect());
  } catch (const kj::Exception&) {
    // The other side went away in disorder: that is its business.
  }
}

}  // namespace

void serve_rpc(Loop& loop, kj::Own<kj::ConnectionReceiver> listener, wire::Node::Client node) {
  while (true) {
    std::string failure;
    try {
      auto stream = std::make_shared<kj::Own<kj::AsyncIoStream>>(loop.await(listener->accept()));
      auto held = std::make_shared<wire::Node::Client>(node);
      loop.spawn("rpc connection",
                 [&loop, stream, held] { serve_connection(loop, kj::mv(*stream), *held); });
    } catch (const kj::Exception& exception) {
      failure = exception.getDescription().cStr();
    }
    if (failure.empty()) continue;
    log_event(LogLevel::kWarning, "rpc", "a connection was not accepted", {{"why", failure}});
    sleep_until(loop, monotonic_now() + milliseconds(10));
  }
}

}  // namespace synchrodb::net
