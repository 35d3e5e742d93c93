#include "net/server/node_service.h"

#include <utility>

#include "net/log/log.h"
#include "net/loop/refusal.h"

namespace synchrodb::net {
namespace {

std::string_view text(capnp::Data::Reader bytes) {
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

// `option`: the password that is not set.
std::string protected_words(const std::string& whom, const std::string& option) {
  return "SynchroDB is running in protected mode because protected mode is enabled and no " +
         option + " is set. In this mode " + whom +
         " are only served over the loopback interface. If you want to connect from external "
         "computers, either set a password (" +
         option +
         "), or disable protected mode (protected-mode no) if you are sure that nobody else can "
         "reach this port";
}

}  // namespace

NodeService::NodeService(const ClusterIdentity& identity, const AddressBook& book,
                         RpcTransport& transport, std::function<void()> learned,
                         std::function<const SecuritySettings&()> security,
                         std::function<wire::Administration::Client()> administration,
                         std::function<wire::Database::Client()> database, Visitor visitor)
    : identity_(identity),
      book_(book),
      transport_(transport),
      learned_(std::move(learned)),
      security_(std::move(security)),
      administration_(std::move(administration)),
      database_(std::move(database)),
      visitor_(std::move(visitor)) {}

NodeService::~NodeService() noexcept {
  if (answering_ != 0) transport_.end_answers(peer_, answering_);
}

kj::Promise<void> NodeService::peer(PeerContext context) {
  const auto hello = context.getParams().getHello();
  if (const Result<> checked = check_hello(hello, identity_, NodeId{}, book_); !checked) {
    log_event(LogLevel::kWarning, "peer", "refused a connection",
              {{"node", hello.getNode()}, {"why", checked.error().message}});
    return refusal(checked.error().message);
  }
  visitor_.admitted(Caller::kPeer);
  if (transport_.learn(hello)) learned_();
  auto results = context.getResults();
  write_hello(results.initHello(), identity_, NodeId{}, book_);
  peer_ = NodeId{hello.getNode()};
  results.setPeer(transport_.peer_service(peer_));
  if (context.getParams().hasBack()) {
    answering_ = transport_.answer_over(peer_, context.getParams().getBack());
  }
  return kj::READY_NOW;
}

bool NodeService::keeps_out() const {
  return security_().protected_mode && !visitor_.vouched_for;
}

kj::Promise<void> NodeService::administration(AdministrationContext context) {
  if (identity_.secret.empty() && keeps_out()) {
    log_event(LogLevel::kWarning, "admin", "refused an operator: protected mode");
    return refusal(protected_words("operators", "cluster-secret"));
  }
  const auto given = context.getParams().getPassword();
  if (!same_secret(text(given), identity_.secret)) {
    log_event(LogLevel::kWarning, "admin", "refused an operator: wrong password");
    return refusal("the password is wrong: operators need the cluster-secret");
  }
  visitor_.admitted(Caller::kOperator);
  context.getResults().setAdministration(administration_());
  return kj::READY_NOW;
}

kj::Promise<void> NodeService::database(DatabaseContext context) {
  const std::string& wanted = security_().requirepass;
  if (wanted.empty() && keeps_out()) {
    log_event(LogLevel::kWarning, "database", "refused a client: protected mode");
    return refusal(protected_words("clients", "requirepass"));
  }
  if (!wanted.empty() && !same_secret(text(context.getParams().getPassword()), wanted)) {
    log_event(LogLevel::kWarning, "database", "refused a client: wrong password");
    return refusal("the password is wrong: clients need the server's requirepass");
  }
  visitor_.admitted(Caller::kClient);
  context.getResults().setDatabase(database_());
  return kj::READY_NOW;
}

}  // namespace synchrodb::net
