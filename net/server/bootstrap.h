// How a process becomes a node of a cluster: a folder that is one already, the founding of a
// cluster, or joining one.
#pragma once

#include <functional>
#include <string>

#include "consensus/configuration.h"
#include "engine/env/disk.h"
#include "net/config/server_options.h"
#include "net/loop/loop.h"
#include "net/peer/address_book.h"
#include "net/peer/cluster_identity.h"
#include "net/peer/peer_dialer.h"

namespace synchrodb::net {

struct Membership {
  ClusterIdentity identity;
  AddressBook book;
  // The founding members; empty on a node that joined. Only looked at by an empty log.
  Configuration founders;
  bool settled = false;  // the folder is that of this node already
};

inline constexpr const char* kSoftware = "synchrodb 0.1.0";

// Of a member whose folder knows the others: they may all have moved since. Asks the nodes of
// --join where the cluster's nodes are by now, until each has answered once; parks. `learned`: the
// book has taken up what one said.
void ask_for_addresses(Loop& loop, const PeerDialer& dialer, const ServerOptions& options,
                       Membership& membership, const std::function<void()>& learned);

// What the process is to be; changes nothing in the folder. From a fiber, before anything else
// touches the disk. `folder` is for messages. A node that joins asks the nodes that it was told of
// until one answers, and logs why they do not.
//
// The id of a cluster that several nodes found is a hash of --initial-cluster, so that they agree
// without a word; that of a single node is random.
Result<Membership> find_membership(Loop& loop, const PeerDialer& dialer, Disk& disk,
                                   const ServerOptions& options, const std::string& folder);
// The folder becomes that of the node, for good, unless it is; it gets an id, which the node says
// to the others from now on, unless it has one or lasts no longer than the process. For when
// nothing is left that might be wrong with the options: a second start may be told of another
// cluster.
Result<> settle(Disk& disk, const ServerOptions& options, Membership& membership,
                const std::string& folder);

// What save_addresses() kept; an empty book in a folder without.
Result<AddressBook> load_addresses(Disk& disk);
// Keeps what the book says for the next start.
Result<> save_addresses(Disk& disk, const AddressBook& book);

}  // namespace synchrodb::net
