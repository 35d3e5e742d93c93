#include "net/peer/cluster_identity.h"

#include "engine/wire/frame.h"
#include "net/config/host_port.h"
#include "net/disk/folder_id.h"
#include "net/disk/hex.h"

namespace synchrodb::net {
namespace {

std::string_view as_view(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

capnp::Data::Reader as_data(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

Error refused(std::string why) {
  return {ErrorCode::kInvalid, std::move(why)};
}

std::string name_of(NodeId node) {
  return "node " + std::to_string(node.value);
}

// A lost folder took along what the node had acknowledged and whom it had voted for.
Result<> check_folder(wire::Hello::Reader hello, const AddressBook& book) {
  const std::string said = folder_of(hello);
  if (said.empty()) return {};
  if (said.size() != kFolderIdBytes) return refused("the data folder's id has not 16 bytes");
  const NodeId node{hello.getNode()};
  const std::string known = book.folder_of(node);
  if (known.empty() || known == said) return {};
  return refused(name_of(node) +
                 " has another data folder than before: what it had acknowledged is gone, and it "
                 "must not vote again. Remove " +
                 name_of(node) +
                 " from the cluster, and let the new folder join under an id that was never used");
}

// More than any cluster has; a hello is hostile until it has been checked.
constexpr unsigned kMostAddresses = 1024;

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    different |= static_cast<unsigned char>(b[i]) ^
                 static_cast<unsigned char>(a.empty() ? 1 : a[i % a.size()]);
  }
  return different == 0;
}

void write_hello(wire::Hello::Builder out, const ClusterIdentity& self, NodeId expected,
                 const AddressBook& book) {
  out.setProtocol(kProtocolVersion);
  out.setCluster(as_data(self.cluster));
  out.setNode(self.node.value);
  out.setExpected(expected.value);
  out.setSecret(as_data(self.secret));
  out.setSoftware(self.software);
  out.setFolder(as_data(self.folder));
  const std::vector<NodeAddress> known = book.all();
  auto addresses = out.initAddresses(static_cast<unsigned>(known.size()));
  for (unsigned i = 0; i < addresses.size(); ++i) {
    addresses[i].setNode(known[i].node.value);
    addresses[i].setRpc(known[i].rpc);
    addresses[i].setResp(known[i].resp);
    addresses[i].setVersion(known[i].version);
    addresses[i].setTlsPort(known[i].tls_port);
  }
}

Result<> check_hello(wire::Hello::Reader hello, const ClusterIdentity& self, NodeId expected,
                     const AddressBook& book) {
  if (hello.getProtocol() != kProtocolVersion) {
    return refused("protocol version " + std::to_string(hello.getProtocol()) + " is not " +
                   std::to_string(kProtocolVersion) + ", which " + name_of(self.node) +
                   " speaks: run the same release on all nodes");
  }
  if (!same_secret(as_view(hello.getSecret()), self.secret)) {
    return refused("the cluster secret is wrong: every node needs the same cluster-secret");
  }
  const std::string_view cluster = as_view(hello.getCluster());
  if (!cluster.empty() && cluster.size() != 16) return refused("the cluster id has not 16 bytes");
  if (!cluster.empty() && !self.cluster.empty() && cluster != self.cluster) {
    return refused("it belongs to cluster " + to_hex(cluster) + ", " + name_of(self.node) +
                   " to cluster " + to_hex(self.cluster) +
                   ": check the addresses and the data folders");
  }
  const NodeId node{hello.getNode()};
  if (!node) return refused("0 is no node");
  if (node == self.node) {
    return refused("it calls itself " + name_of(node) + ", and so is this node: ids are unique");
  }
  if (expected && node != expected) {
    return refused("it is " + name_of(node) + ", not " + name_of(expected) +
                   ": the address of one of them is wrong");
  }
  const NodeId meant{hello.getExpected()};
  if (meant && meant != self.node) {
    return refused("this is " + name_of(self.node) + ", not " + name_of(meant) +
                   ": the address of one of them is wrong");
  }
  if (hello.getAddresses().size() > kMostAddresses) return refused("too many addresses");
  return check_folder(hello, book);
}

std::string folder_of(wire::Hello::Reader hello) {
  return std::string(as_view(hello.getFolder()));
}

std::vector<NodeAddress> addresses_of(wire::Hello::Reader hello) {
  std::vector<NodeAddress> out;
  for (const auto address : hello.getAddresses()) {
    NodeAddress one{NodeId{address.getNode()}, address.getRpc(), address.getResp(),
                    address.getVersion(), address.getTlsPort()};
    const bool sound = one.node && parse_host_port(one.rpc).ok() &&
                       (one.resp.empty() || parse_host_port(one.resp).ok());
    if (sound) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace synchrodb::net
