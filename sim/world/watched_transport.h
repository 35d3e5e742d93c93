// A node's transport that tells the oracle which promises leave the node.
#pragma once

#include <utility>

#include "sim/network/network.h"
#include "sim/oracle/oracle.h"

namespace synchrodb::sim {

class WatchedTransport final : public Transport {
 public:
  // Both must outlive this.
  WatchedTransport(Transport& transport, Oracle& oracle, std::uint32_t node)
      : transport_(transport), oracle_(oracle), node_(node) {}

  bool send(PeerMessage message) override {
    oracle_.on_sent(node_, message.to, message.message);
    return transport_.send(std::move(message));
  }
  void call(NodeId to, ClientRequest request, Instant deadline, Done done) override {
    transport_.call(to, std::move(request), deadline, std::move(done));
  }
  void serve(PeerHandler* handler) override { transport_.serve(handler); }

 private:
  Transport& transport_;
  Oracle& oracle_;
  std::uint32_t node_;
};

}  // namespace synchrodb::sim
