#include "engine/session/gateway.h"

#include <utility>

namespace synchrodb {

class Gateway::Lease {
 public:
  // `first`: whom the client asks first.
  Lease(Gateway& gateway, NodeId first) : gateway_(gateway) {
    if (gateway_.idle_.empty()) {
      ClientOptions options;
      options.group = gateway_.options_.group;
      options.attempt_timeout = gateway_.options_.attempt_timeout;
      options.call_timeout = gateway_.options_.command_timeout;
      options.patience_growth = 2;
      options.overload_patience = gateway_.options_.overload_patience;
      client_ =
          std::make_unique<Client>(gateway_.clock_, gateway_.fibers_, gateway_.transport_,
                                   gateway_.random_, options, std::vector<NodeId>{gateway_.self_});
      ++gateway_.made_;
    } else {
      client_ = std::move(gateway_.idle_.back());
      gateway_.idle_.pop_back();
    }
    client_->begin_with(first);
  }
  ~Lease() { gateway_.idle_.push_back(std::move(client_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Client* operator->() { return client_.get(); }

 private:
  Gateway& gateway_;
  std::unique_ptr<Client> client_;
};

Gateway::Gateway(Clock& clock, Fibers& fibers, Transport& transport, RandomStream& random,
                 NodeId self, std::function<NodeId()> leader, GatewayOptions options)
    : clock_(clock),
      fibers_(fibers),
      transport_(transport),
      random_(random),
      self_(self),
      leader_(std::move(leader)),
      options_(options) {}

// Without a leader, the node itself: it knows of one as soon as anybody does.
NodeId Gateway::leader_or_self() const {
  const NodeId leader = leader_();
  return leader ? leader : self_;
}

Outcome Gateway::counted(Outcome outcome) {
  if (outcome.kind != Outcome::Kind::kOk && outcome.overloaded) ++overloaded_;
  return outcome;
}

Outcome Gateway::read(std::string request, ReadConsistency consistency) {
  Lease client(*this, consistency == ReadConsistency::kStale ? self_ : leader_or_self());
  return counted(client->read_request(std::move(request), consistency));
}

Outcome Gateway::write(Request& request) {
  Lease client(*this, leader_or_self());
  return counted(client->execute(request));
}

Outcome Gateway::write_for(const Request& request) {
  Lease client(*this, leader_or_self());
  return counted(client->execute_for(request));
}

}  // namespace synchrodb
