#include "net/server/node_service.h"

#include <utility>

#include "net/log/log.h"
#include "net/loop/refusal.h"

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
                         std::function<wire::Database::Client()> database, Admit admitted)
    : identity_(identity),
      book_(book),
      transport_(transport),
      learned_(std::move(learned)),
      administration_(std::move(administration)),
      client_password_(std::move(client_password)),
      database_(std::move(database)),
      admitted_(std::move(admitted)) {}

NodeService::~NodeService() noexcept {
  if (answering_ != 0) transport_.end_answers(peer_, answering_);
}

kj::Promise<void> NodeService::peer(PeerContext context) {
  const auto hello = context.getParams().getHello();
  if (const Result<> checked = check_hello(hello, identity_, NodeId{}); !checked) {
    log_event(LogLevel::kWarning, "peer", "refused a connection",
              {{"node", hello.getNode()}, {"why", checked.error().message}});
    return refusal(checked.error().message);
  }
  admitted_(Caller::kPeer);
  if (transport_.learn(addresses_of(hello))) learned_();
  auto results = context.getResults();
  write_hello(results.initHello(), identity_, NodeId{}, book_);
  peer_ = NodeId{hello.getNode()};
  results.setPeer(transport_.peer_service(peer_));
  if (context.getParams().hasBack()) {
    answering_ = transport_.answer_over(peer_, context.getParams().getBack());
  }
  return kj::READY_NOW;
}

kj::Promise<void> NodeService::administration(AdministrationContext context) {
  const auto given = context.getParams().getPassword();
  if (!same_secret(text(given), identity_.secret)) {
    log_event(LogLevel::kWarning, "admin", "refused an operator: wrong password");
    return refusal("the password is wrong: operators need the cluster-secret");
  }
  admitted_(Caller::kOperator);
  context.getResults().setAdministration(administration_());
  return kj::READY_NOW;
}

kj::Promise<void> NodeService::database(DatabaseContext context) {
  const std::string wanted = client_password_();
  if (!wanted.empty() && !same_secret(text(context.getParams().getPassword()), wanted)) {
    log_event(LogLevel::kWarning, "database", "refused a client: wrong password");
    return refusal("the password is wrong: clients need the server's requirepass");
  }
  admitted_(Caller::kClient);
  context.getResults().setDatabase(database_());
  return kj::READY_NOW;
}

}  // namespace synchrodb::net
