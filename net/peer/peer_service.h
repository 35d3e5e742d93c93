// What a node does for a peer that has said hello. Private to net/peer/.
#pragma once

#include <string_view>
#include <utility>

#include "engine/wire/codec.h"
#include "net/peer/rpc_transport.h"

namespace synchrodb::net {

class RpcTransport::PeerService final : public wire::Peer::Server {
 public:
  PeerService(RpcTransport& transport, NodeId from) : transport_(transport), from_(from) {}

 protected:
  kj::Promise<void> deliver(DeliverContext context) override;
  kj::Promise<void> request(RequestContext context) override;

 private:
  RpcTransport& transport_;
  NodeId from_;
};

}  // namespace synchrodb::net
