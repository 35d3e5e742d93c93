// A connection to whichever of several nodes can be reached. Private to the client.
#pragma once

#include <capnp/rpc-twoparty.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/wire/node.capnp.h"
#include "net/client/dialer.h"

namespace synchrodb::net {

class NodeLink {
 public:
  // One connection, and the database behind it. Lives while somebody holds it.
  struct Connection : kj::Refcounted {
    explicit Connection(kj::Own<kj::AsyncIoStream> open) : stream(kj::mv(open)), rpc(*stream) {}

    kj::Own<kj::AsyncIoStream> stream;
    capnp::TwoPartyClient rpc;
    wire::Database::Client database = nullptr;
  };

  // The dialer outlives the link, and that the promises that it gave.
  NodeLink(Dialer& dialer, std::vector<Destination> nodes, std::string password,
           kj::Duration patience);

  // A connection: the one there is, or one to the next node. Rejected if that node cannot be had;
  // the next call tries the next one.
  kj::Promise<kj::Own<Connection>> get();
  // This connection is of no use any more.
  void give_up(const Connection& connection);
  // Whether another node, or another attempt, may do better than the one that just failed like
  // this. A certificate that is not believed is the end only when all nodes in turn failed so.
  bool worth_another_attempt(const kj::Exception& exception) const;

 private:
  kj::Promise<void> connect();

  Dialer& dialer_;
  std::vector<Destination> nodes_;
  std::string password_;
  kj::Duration patience_;
  std::size_t turn_ = 0;
  std::size_t distrusted_ = 0;   // the latest attempts in a row that failed for a certificate
  kj::Own<Connection> current_;  // null: none
  bool connecting_ = false;
  kj::ForkedPromise<void> connected_ = nullptr;
};

}  // namespace synchrodb::net
