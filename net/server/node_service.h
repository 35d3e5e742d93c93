// The bootstrap capability of a node's RPC port: peers, operators and clients begin here.
#pragma once

#include <functional>
#include <string>

#include "engine/wire/node.capnp.h"
#include "net/peer/rpc_transport.h"
#include "net/server/caller.h"

namespace synchrodb::net {

class NodeService final : public wire::Node::Server {
 public:
  // One a connection, with which it ends. All outlive the service. `learned`: an address was news.
  // `administration`: for an operator who knows the secret. `database`: for a client who knows the
  // `client_password`.
  NodeService(const ClusterIdentity& identity, const AddressBook& book, RpcTransport& transport,
              std::function<void()> learned,
              std::function<wire::Administration::Client()> administration,
              std::function<std::string()> client_password,
              std::function<wire::Database::Client()> database, Admit admitted);
  ~NodeService() noexcept;

 protected:
  kj::Promise<void> peer(PeerContext context) override;
  kj::Promise<void> administration(AdministrationContext context) override;
  kj::Promise<void> database(DatabaseContext context) override;

 private:
  const ClusterIdentity& identity_;
  const AddressBook& book_;
  RpcTransport& transport_;
  std::function<void()> learned_;
  std::function<wire::Administration::Client()> administration_;
  std::function<std::string()> client_password_;
  std::function<wire::Database::Client()> database_;
  Admit admitted_;
  NodeId peer_;                  // who called peer() last, and ...
  std::uint64_t answering_ = 0;  // ... what the transport made of it
};

}  // namespace synchrodb::net
