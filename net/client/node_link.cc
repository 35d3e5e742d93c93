#include "net/client/node_link.h"

#include <utility>

#include "consensus/assert.h"

namespace synchrodb::net {

NodeLink::NodeLink(Dialer& dialer, std::vector<Destination> nodes, std::string password,
                   kj::Duration patience)
    : dialer_(dialer),
      nodes_(std::move(nodes)),
      password_(std::move(password)),
      patience_(patience) {
  SYNCHRODB_ASSERT(!nodes_.empty(), "a client knows at least one node");
}

kj::Promise<kj::Own<NodeLink::Connection>> NodeLink::get() {
  if (current_.get() != nullptr) return kj::addRef(*current_);
  if (!connecting_) {
    connecting_ = true;
    connected_ = connect().fork();
  }
  return connected_.addBranch().then([this]() -> kj::Promise<kj::Own<Connection>> {
    if (current_.get() == nullptr) return get();  // given up by another call already
    return kj::addRef(*current_);
  });
}

kj::Promise<void> NodeLink::connect() {
  const Destination& node = nodes_[turn_ % nodes_.size()];
  auto login = dialer_.connect(node).then([this](kj::Own<kj::AsyncIoStream> stream) {
    auto connection = kj::refcounted<Connection>(kj::mv(stream));
    auto request = connection->rpc.bootstrap().castAs<wire::Node>().databaseRequest();
    request.setPassword({reinterpret_cast<const kj::byte*>(password_.data()), password_.size()});
    auto sent = request.send();
    return sent.then([connection = kj::mv(connection)](auto&& response) mutable {
      connection->database = response.getDatabase();
      return kj::mv(connection);
    });
  });
  return dialer_.timer()
      .timeoutAfter(patience_, kj::mv(login))
      .then(
          [this](kj::Own<Connection> connection) {
            connecting_ = false;
            distrusted_ = 0;
            current_ = kj::mv(connection);
          },
          [this](kj::Exception&& exception) {
            connecting_ = false;
            ++turn_;
            distrusted_ = is_distrust(exception) ? distrusted_ + 1 : 0;
            kj::throwFatalException(kj::mv(exception));
          });
}

void NodeLink::give_up(const Connection& connection) {
  if (current_.get() != &connection) return;
  current_ = nullptr;
  ++turn_;
}

bool NodeLink::worth_another_attempt(const kj::Exception& exception) const {
  if (is_distrust(exception)) return distrusted_ < nodes_.size();
  const ErrorCode code = error_of(exception).code;
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
}

}  // namespace synchrodb::net
