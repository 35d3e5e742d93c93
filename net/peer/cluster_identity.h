// Who this node is, and what it expects of those who say that they belong to its cluster.
#pragma once

#include <functional>
#include <string>

#include "consensus/types.h"
#include "engine/env/result.h"
#include "engine/wire/node.capnp.h"
#include "net/peer/address_book.h"

namespace synchrodb::net {

struct ClusterIdentity {
  NodeId node;
  std::string cluster;   // 16 bytes; empty on a node that joins, until a member tells it
  std::string secret;    // shared by the nodes and operators of the cluster; may be empty
  std::string software;  // name and version, for people
  // 16 bytes (net/disk/folder_id.h); empty: it has none, or none yet, and that is not checked.
  std::string folder = {};
};

// What a node says of itself and knows of others.
void write_hello(wire::Hello::Builder out, const ClusterIdentity& self, NodeId expected,
                 const AddressBook& book);

// Whether whoever sent `hello` may be a peer of `self`; the error says, for the other side's log,
// what is wrong and what to do. `expected`: whom we take it for; 0: anybody but ourselves. A node
// that comes with another data folder than `book` knows of it is refused.
Result<> check_hello(wire::Hello::Reader hello, const ClusterIdentity& self, NodeId expected,
                     const AddressBook& book);

std::vector<NodeAddress> addresses_of(wire::Hello::Reader hello);
// Of the node that says hello; empty: not said.
std::string folder_of(wire::Hello::Reader hello);

// In time that does not depend on where the two differ.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace synchrodb::net
