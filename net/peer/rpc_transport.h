// The seam's Transport in the real world: Cap'n Proto RPC between the nodes of a cluster.
//
// Each node dials each known one. Of the two connections between two nodes that of the lower id
// carries messages both ways, and that of the higher requests; where there is one, it carries both.
// Messages to a peer queue up during a turn of the loop and leave together, in one streaming call;
// what does not fit the window waits, what does not fit the queue is refused. A connection that
// breaks is made anew; whatever was under way is lost, as messages may be.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <capnp/rpc-twoparty.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/random_stream.h"
#include "engine/env/transport.h"
#include "engine/wire/node.capnp.h"
#include "net/loop/loop.h"
#include "net/peer/cluster_identity.h"
#include "net/peer/peer_dialer.h"

namespace synchrodb::net {

// What becomes of what this node sends to a peer, in tests with injected faults: messages, requests
// and answers. Whatever is lost is lost in silence, as on a network that is cut.
struct LinkFault {
  bool drop = false;
  Duration delay;  // of messages alone
  std::uint32_t loss_ppm = 0;
};

struct TransportOptions {
  std::size_t max_queued_bytes = std::size_t{64} << 20;  // to one peer
  Duration connect_timeout = seconds(5);
  Duration reconnect_min = milliseconds(50);
  Duration reconnect_max = seconds(1);
};

// What happened, for metrics and logs.
struct LinkCounters {
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_refused = 0;  // the queue was full, or nobody was there
  std::uint64_t frames_malformed = 0;
  std::uint64_t connects = 0;
};

class RpcTransport final : public Transport {
 public:
  // All references outlive this. `random` is for delays between attempts alone.
  RpcTransport(Loop& loop, const PeerDialer& dialer, ClusterIdentity& identity, AddressBook& book,
               RandomStream& random, TransportOptions options);
  ~RpcTransport() override;

  bool send(PeerMessage message) override;
  void call(NodeId to, ClientRequest request, Instant deadline, Done done) override;
  void serve(PeerHandler* handler) override { handler_ = handler; }

  // `leader` leads `group`: nobody else will answer what its clients asked, if it has not by now.
  // A leader that was cut off would be waited for until the deadline.
  void abandon_requests(GroupId group, NodeId leader);

  // Takes addresses up and connects to nodes that are new. True if anything was news.
  bool learn(const std::vector<NodeAddress>& addresses);
  // The same of all that a node said in its hello, which has been checked: its data folder, too.
  bool learn(wire::Hello::Reader hello);
  // A node left the cluster: its connection is closed and not made again until it is learned anew.
  void forget(NodeId node);

  // The capability for a peer that has said hello, to which `from` is bound.
  wire::Peer::Client peer_service(NodeId from);
  // The connection that `back` came through may carry what is for `node`, while it works. Messages
  // both ways go over that of the lower id, and so share system calls with their
  // acknowledgements; requests over that of the higher, where a long answer holds up no message.
  // The result is for end_answers(), once that connection has ended; 0: it is not used.
  std::uint64_t answer_over(NodeId node, wire::Peer::Client back);
  void end_answers(NodeId node, std::uint64_t connection);

  bool connected(NodeId node) const;
  const LinkCounters& counters() const { return counters_; }
  void set_fault(NodeId peer, LinkFault fault);  // 0: all that are known

  // Told when a handshake taught something (addresses; the cluster's id), and why one failed.
  std::function<void()> on_learned;
  std::function<void(NodeId, const std::string&)> on_refused;

 private:
  class PeerService;
  struct Link;

  Link& link_to(const NodeAddress& address);
  void run_link(Link& link);
  void connect(Link& link);
  // Whether an injected fault swallows what is about to be sent.
  bool loses(const Link& link);
  bool loses_to(NodeId node);
  void shake_hands(Link& link, wire::Node::Client node);
  void enqueue(Link& link, std::string frame);
  void schedule_flush();
  void flush();
  void flush(Link& link);
  void give_up_sending(Link& link, const kj::Exception& why);
  void call_locally(ClientRequest request, std::uint64_t id);
  void call_remotely(Link& link, const ClientRequest& request, std::uint64_t id);
  void finish(std::uint64_t id, Result<ClientReply> result);
  void give_up(const std::vector<std::uint64_t>& calls, const char* why);
  void watch_deadlines();
  Instant give_up_overdue();

  Loop& loop_;
  const PeerDialer& dialer_;
  ClusterIdentity& identity_;
  AddressBook& book_;
  RandomStream& random_;
  TransportOptions options_;
  PeerHandler* handler_ = nullptr;
  std::map<NodeId, std::unique_ptr<Link>> links_;
  std::uint64_t last_back_ = 0;
  bool flush_scheduled_ = false;
  LinkCounters counters_;

  struct Call {
    Done done;
    Instant deadline;
    NodeId to;
    GroupId group;
    ClientRequest::Kind kind;
  };
  absl::flat_hash_map<std::uint64_t, Call> calls_;  // iterated, as nothing here is simulated
  std::uint64_t last_call_ = 0;
  bool watching_deadlines_ = false;
};

}  // namespace synchrodb::net
