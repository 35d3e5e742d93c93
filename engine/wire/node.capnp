# The product's RPC interface: what a node offers on its RPC port. Peers, clients and operators all
# begin with `Node`, each for its own service. The rules for changing this file are in README.md.
@0xbd8a1e5cf1a04c17;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("synchrodb::wire");

using Administration = import "administration.capnp".Administration;
using Database = import "database.capnp".Database;

# The bootstrap capability. Each call is refused with an exception whose text says why: a wrong
# password, another cluster, another protocol version, a node id that is not this node's.
interface Node {
  # For nodes of the same cluster. `back` is the caller's own service: of the two connections between
  # two nodes that of the lower id carries messages both ways, and that of the higher requests; either
  # everything where it is the only one. Null from older nodes with the higher id.
  peer @0 (hello :Hello, back :Peer) -> (hello :Hello, peer :Peer);
  # For operators. `password` is empty where the server has none: in protected mode it is then for
  # loopback, and for who shows a certificate, alone.
  administration @1 (password :Data) -> (administration :Administration);
  # For client programs. `password`: of Redis clients too (`requirepass`); not looked at where there is
  # none, with protected mode as above.
  database @2 (password :Data) -> (database :Database);
}

# Who is at this end of a connection between nodes.
struct Hello {
  protocol @0 :UInt16;  # kProtocolVersion of frame.h
  cluster @1 :Data;  # 16 bytes, made once when the cluster was; empty: not known yet (a node that joins)
  node @2 :UInt64;
  expected @3 :UInt64;  # whom the caller takes the other for; 0 in the answer
  secret @4 :Data;  # of the cluster; empty where there is none
  software @5 :Text;  # for people: name and version
  addresses @6 :List(Address);  # every node that this one knows of, itself included
  # 16 bytes, made once when the data folder was: the other refuses a node that comes with another
  # folder than before. Empty: not checked (a folder in memory, a node that does not belong to the
  # cluster yet, an older version).
  folder @7 :Data;
}

# Where a node can be reached. The one with the higher version is right.
struct Address {
  node @0 :UInt64;
  rpc @1 :Text;  # host:port
  resp @2 :Text;  # host:port; empty while unknown
  version @3 :UInt64;  # milliseconds since the epoch when the node itself announced it; 0: hearsay
  tlsPort @4 :UInt16;  # where Redis clients speak TLS, on the host of `resp`; 0: none, or unknown
}

interface Peer {
  # Messages of consensus, each a frame of kind kPeer. One-way: whatever is lost is lost.
  deliver @0 (frames :List(Data)) -> stream;
  # A client's request that another node forwards: frames of kinds kClientRequest and kClientReply.
  request @1 (frame :Data) -> (frame :Data);
}
