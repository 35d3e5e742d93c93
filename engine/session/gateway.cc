#include "engine/session/gateway.h"

#include <utility>

namespace synchrodb {

class Gateway::Lease {
 public:
  explicit Lease(Gateway& gateway) : gateway_(gateway) {
    if (gateway_.idle_.empty()) {
      ClientOptions options;
      options.group = gateway_.options_.group;
      options.attempt_timeout = gateway_.options_.attempt_timeout;
      options.call_timeout = gateway_.options_.command_timeout;
      options.read_patience_growth = 2;
      options.overload_patience = gateway_.options_.overload_patience;
      // This node knows the leader if anybody does.
      client_ =
          std::make_unique<Client>(gateway_.clock_, gateway_.fibers_, gateway_.transport_,
                                   gateway_.random_, options, std::vector<NodeId>{gateway_.self_});
      ++gateway_.made_;
    } else {
      client_ = std::move(gateway_.idle_.back());
      gateway_.idle_.pop_back();
    }
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
                 NodeId self, GatewayOptions options)
    : clock_(clock),
      fibers_(fibers),
      transport_(transport),
      random_(random),
      self_(self),
      options_(options) {}

Outcome Gateway::counted(Outcome outcome) {
  if (outcome.kind != Outcome::Kind::kOk && outcome.overloaded) ++overloaded_;
  return outcome;
}

Outcome Gateway::read(std::string request, ReadConsistency consistency) {
  Lease client(*this);
  return counted(client->read_request(std::move(request), consistency));
}

Outcome Gateway::write(Request& request) {
  Lease client(*this);
  return counted(client->execute(request));
}

Outcome Gateway::write_for(const Request& request) {
  Lease client(*this);
  return counted(client->execute_for(request));
}

}  // namespace synchrodb
