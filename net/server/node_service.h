// The bootstrap capability of a node's RPC port: peers, operators and clients begin here.
#pragma once

#include <functional>

#include "engine/wire/node.capnp.h"
#include "net/config/server_options.h"
#include "net/peer/rpc_transport.h"
#include "net/server/caller.h"

namespace synchrodb::net {

class NodeService final : public wire::Node::Server {
 public:
  // One a connection, with which it ends. All outlive the service. `learned`: an address was news.
  // `security`: as it is now. `administration`: for an operator who knows the cluster-secret.
  // `database`: for a client who knows requirepass. Where there is no such password, protected mode
  // keeps either to visitors on this machine or with a certificate; peers are no concern of it.
  NodeService(const ClusterIdentity& identity, const AddressBook& book, RpcTransport& transport,
              std::function<void()> learned, std::function<const SecuritySettings&()> security,
              std::function<wire::Administration::Client()> administration,
              std::function<wire::Database::Client()> database, Visitor visitor);
  ~NodeService() noexcept;

 protected:
  kj::Promise<void> peer(PeerContext context) override;
  kj::Promise<void> administration(AdministrationContext context) override;
  kj::Promise<void> database(DatabaseContext context) override;

 private:
  // Nobody but visitors on this machine or with a certificate may do without a password now.
  bool keeps_out() const;

  const ClusterIdentity& identity_;
  const AddressBook& book_;
  RpcTransport& transport_;
  std::function<void()> learned_;
  std::function<const SecuritySettings&()> security_;
  std::function<wire::Administration::Client()> administration_;
  std::function<wire::Database::Client()> database_;
  Visitor visitor_;
  NodeId peer_;                  // who called peer() last, and ...
  std::uint64_t answering_ = 0;  // ... what the transport made of it
};

}  // namespace synchrodb::net
