// The simulated network between nodes and clients (design 6.3).
//
// The fault model. A packet is a peer message, a client's request or the reply to one; it travels
// over the directed link from its sender's endpoint to its receiver's, as a value. Each link
// delays, loses, duplicates, reorders and damages packets by draws of its own streams, numbered by
// packet: the n-th packet of a link draws the same whatever befell those before it. Links are cut
// by partitions, which overlap freely; packets under way when a link is cut are lost as well. A
// clogged link keeps its packets and releases them in a burst. Requests and replies go the same way
// as messages but are not duplicated, as on an ordered stream.
//
// Faults are counted here, all three numbers; "effective" when the victim was alive to feel it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/env/transport.h"
#include "sim/fault_counter.h"
#include "sim/kernel/kernel.h"
#include "sim/network/link.h"
#include "sim/network/partition.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

class NodeTransport;

// Bytes of a packet, for damage and for `always_encode`. Usually engine/wire/codec.h.
struct NetworkCodec {
  std::function<std::string(const PeerMessage&)> encode_message;
  std::function<Result<PeerMessage>(std::string_view)> decode_message;
  std::function<std::string(const ClientRequest&)> encode_request;
  std::function<Result<ClientRequest>(std::string_view)> decode_request;
  std::function<std::string(const ClientReply&)> encode_reply;
  std::function<Result<ClientReply>(std::string_view)> decode_reply;
};

struct NetworkOptions {
  LinkOptions baseline;        // of links that nothing else was set for, and of a healthy network
  NetworkCodec codec;          // an absent one: such packets are never damaged nor encoded
  bool always_encode = false;  // every packet travels as bytes; the digest is the same
  // A request that reaches an endpoint without a process is refused, so that the client learns at
  // once that it was not delivered, with so many ppm; else there is silence.
  std::uint64_t refusal_ppm = 500'000;
};

enum class PacketKind : std::uint8_t { kMessage, kRequest, kReply };

// What a rule sees of a packet that is about to be sent.
struct PacketView {
  NodeId from;
  NodeId to;
  PacketKind kind;
  const PeerMessage* message;    // kMessage, else null
  const ClientRequest* request;  // kRequest, else null
};

// A rule's verdict (after turmoil).
struct PacketVerdict {
  enum class Kind : std::uint8_t { kPass, kDeliver, kDrop } kind = Kind::kPass;
  Duration after;  // kDeliver: instead of the link's own delay

  static PacketVerdict pass() { return {}; }
  static PacketVerdict deliver(Duration after) { return {Kind::kDeliver, after}; }
  static PacketVerdict drop() { return {Kind::kDrop, {}}; }
};

using PacketRule = std::function<PacketVerdict(const PacketView&)>;

struct RuleId {
  std::uint64_t value = 0;
};
struct PartitionId {
  std::uint64_t value = 0;
};

class Network {
 public:
  // All must outlive the network; it and its transports must outlive the kernel's events, or
  // Kernel::shutdown() comes first.
  Network(Kernel& kernel, const Streams& streams, FaultCounters& counters,
          NetworkOptions options = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // A new endpoint: a node, or a client, whose id only the network sees. Down until
  // NodeTransport::open(). `clock`: on which call deadlines are given.
  std::unique_ptr<NodeTransport> attach(NodeId id, Owner owner, const LocalTime& clock);

  // ---- Links.
  void set_link(NodeId from, NodeId to, const LinkOptions& options);
  // All links, those to come included.
  void set_all(const LinkOptions& options);
  const LinkOptions& link(NodeId from, NodeId to);
  const LinkOptions& baseline() const { return options_.baseline; }
  // Both directions of every link are as the baseline again, nothing is clogged, cut or ruled.
  // Packets on clogged links are released.
  void heal();

  // ---- Partitions. A link is open when no partition cuts it. Each packet lost counts under the
  // kind of the latest partition that cuts its link.
  PartitionId partition(LinkSet links, FaultKind kind);
  void heal(PartitionId partition);
  bool cut(NodeId from, NodeId to);

  // ---- Clogs. Packets wait, then come in a burst, in order.
  void clog(NodeId from, NodeId to);
  void release(NodeId from, NodeId to);

  // ---- Rules, asked in the order of their making; the first verdict other than pass holds. `kind`
  // is counted. Must not call the network.
  RuleId add_rule(FaultKind kind, PacketRule rule);
  void remove_rule(RuleId rule);
  // Messages of one type (name_of(Message): "append-request", "heartbeat") to one of `to` (empty:
  // to anyone) are lost with `ppm`.
  RuleId lose_type(std::string_view type, std::uint64_t ppm, std::vector<NodeId> to = {});

  // ---- Knowledge.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t delivered() const { return delivered_; }
  // Packets under way, clogged or waiting for a paused process.
  std::size_t in_flight() const { return live_packets_; }
  // Called for each packet sent, delivered or dropped, for traces; empty costs nothing.
  struct PacketEvent {
    enum class Kind : std::uint8_t { kSent, kDelivered, kDropped } kind;
    PacketView packet;
    std::uint64_t link_number;  // which packet of its link
    const char* why;            // kDropped: "loss", "partition" …
  };
  void observe(std::function<void(const PacketEvent&)> observer) {
    observer_ = std::move(observer);
  }

 private:
  friend class NodeTransport;
  struct Link;
  struct Endpoint;
  struct Packet;
  struct Rule;
  struct Partition;
  class ServerResponder;
  struct PendingCall;
  struct CallId {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
  };

  static constexpr std::uint16_t kNoEndpoint = 0xffff;

  // What NodeTransport asks.
  bool send_message(std::uint16_t from, PeerMessage message);
  void start_call(std::uint16_t from, NodeId to, ClientRequest request, Instant deadline,
                  Transport::Done done);
  void send_reply(std::uint16_t from, std::uint16_t to, CallId call, ClientReply reply);
  void close_endpoint(std::uint16_t endpoint);

  // Sending.
  std::uint16_t endpoint_of(NodeId id) const;
  Link& link_between(std::uint16_t from, std::uint16_t to);
  Link& link_of(const Packet& packet);
  // Draws the packet's fate and schedules it; false: refused because the link is full.
  bool send(Packet* packet);
  void send_faulty(Link& link, Packet* packet);
  bool lost(Link& link, Packet* packet);
  bool drawn(FaultKind kind, std::uint64_t ppm, Stream& stream);
  std::optional<Duration> ruled(Packet* packet, bool& dropped);
  Duration faulty_delay(Link& link, Packet& packet);
  Duration transmission(Link& link, Packet& packet);
  void duplicate(Link& link, const Packet& packet, Duration delay);
  void damage(Link& link, Packet& packet);
  void launch(Link& link, Packet* packet, Duration delay);

  // Arriving.
  void arrive(Packet* packet);
  void deliver(Packet* packet);
  void deliver_backlog(std::uint16_t endpoint);
  void hand_over(Endpoint& endpoint, Packet* packet);
  void refuse(const Packet& request);
  bool decode(Packet& packet);
  void encode(Packet& packet);
  void count_effects(Link& link, const Packet& packet);
  void drop(Packet* packet, const char* why, std::optional<FaultKind> kind = std::nullopt);
  void drop_cut(Link& link, Packet* packet);
  void emit(PacketEvent::Kind kind, const Packet& packet, const char* why);
  PacketView view(const Packet& packet) const;
  bool receiver_alive(const Packet& packet) const;

  // Links and records.
  void refresh(Link& link);
  void release(Link& link);
  void uncut(Link& link, const std::pair<NodeId, NodeId>& ends);
  Packet* take_packet(PacketKind kind, std::uint16_t from, std::uint16_t to);
  void free_packet(Packet* packet);
  PendingCall* find_call(CallId id);
  void arm_call(CallId id);
  void on_call_deadline(CallId id);
  void finish_call(CallId id, Result<ClientReply> result);

  Kernel& kernel_;
  Streams streams_;
  FaultCounters& counters_;
  NetworkOptions options_;
  LinkOptions standard_;  // of links to come

  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<std::uint16_t> endpoint_by_id_;  // by NodeId
  std::vector<std::unique_ptr<Link>> links_;   // row-major by endpoints, `stride_` wide
  std::size_t stride_ = 0;
  std::vector<Rule> rules_;
  std::vector<Partition> partitions_;
  std::vector<std::unique_ptr<Packet[]>> packet_chunks_;
  Packet* free_packets_ = nullptr;
  std::size_t live_packets_ = 0;
  std::vector<std::unique_ptr<PendingCall>> calls_;
  std::vector<std::uint32_t> free_calls_;
  std::uint64_t next_id_ = 1;
  std::uint64_t sent_ = 0;
  std::uint64_t delivered_ = 0;
  std::function<void(const PacketEvent&)> observer_;
};

// One endpoint's Transport: of a node, over all its restarts, or of a client.
class NodeTransport final : public Transport {
 public:
  ~NodeTransport() override;

  // ---- The process's view. Any use between close() and open() fails an assertion.
  bool send(PeerMessage message) override;
  void call(NodeId to, ClientRequest request, Instant deadline, Done done) override;
  void serve(PeerHandler* handler) override;

  // ---- The world's view.
  // The process starts; packets may arrive once it serves.
  void open();
  // The process died: its handler, its calls (their Done is dropped) and what it had not answered
  // are gone. Before Kernel::kill_owner().
  void close();
  bool opened() const { return open_; }
  NodeId id() const { return id_; }

 private:
  friend class Network;
  NodeTransport(Network& network, NodeId id, std::uint16_t endpoint)
      : network_(network), id_(id), endpoint_(endpoint) {}

  Network& network_;
  NodeId id_;
  std::uint16_t endpoint_;
  bool open_ = false;
};

}  // namespace synchrodb::sim
