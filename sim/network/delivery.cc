// Arriving: packets, requests and their answers.
#include <algorithm>

#include "consensus/assert.h"
#include "sim/network/network.h"
#include "sim/network/packet.h"

namespace synchrodb::sim {
namespace {

constexpr std::size_t kPacketsPerChunk = 64;
// How often a call looks again at a clock that stands still.
constexpr Duration kStoppedClockCheck = seconds(1);

}  // namespace

// ---- Records.

Network::Packet* Network::take_packet(PacketKind kind, std::uint16_t from, std::uint16_t to) {
  if (free_packets_ == nullptr) {
    packet_chunks_.push_back(std::make_unique<Packet[]>(kPacketsPerChunk));
    for (std::size_t i = kPacketsPerChunk; i-- > 0;) {
      Packet* packet = &packet_chunks_.back()[i];
      packet->next_free = free_packets_;
      free_packets_ = packet;
    }
  }
  Packet* packet = free_packets_;
  free_packets_ = packet->next_free;
  ++live_packets_;
  packet->kind = kind;
  packet->from = from;
  packet->to = to;
  packet->encoded = false;
  packet->damaged = false;
  packet->refusal = false;
  packet->launched = false;
  packet->felt = 0;
  return packet;
}

void Network::free_packet(Packet* packet) {
  packet->payload.emplace<std::monostate>();
  if (!packet->bytes.empty()) packet->bytes.clear();
  packet->next_free = free_packets_;
  free_packets_ = packet;
  --live_packets_;
}

PacketView Network::view(const Packet& packet) const {
  return PacketView{endpoints_[packet.from]->id, endpoints_[packet.to]->id, packet.kind,
                    std::get_if<PeerMessage>(&packet.payload),
                    std::get_if<ClientRequest>(&packet.payload)};
}

void Network::emit(PacketEvent::Kind kind, const Packet& packet, const char* why) {
  observer_(PacketEvent{kind, view(packet), packet.number, why});
}

bool Network::receiver_alive(const Packet& packet) const {
  const Endpoint& endpoint = *endpoints_[packet.to];
  return endpoint.open && (packet.kind == PacketKind::kReply || endpoint.handler != nullptr);
}

void Network::drop(Packet* packet, const char* why, std::optional<FaultKind> kind) {
  if (kind && receiver_alive(*packet)) counters_.strike(*kind);
  Link& link = link_of(*packet);
  if (packet->launched) --link.in_flight;
  kernel_.feed(DigestKind::kDrop, link.key, packet->number);
  if (observer_) emit(PacketEvent::Kind::kDropped, *packet, why);
  free_packet(packet);
}

void Network::drop_cut(Link& link, Packet* packet) {
  counters_.offer(link.cut_kind);
  counters_.apply(link.cut_kind);
  drop(packet, "partition", link.cut_kind);
}

void Network::encode(Packet& packet) {
  if (packet.encoded || packet.refusal) return;
  const NetworkCodec& codec = options_.codec;
  if (const auto* message = std::get_if<PeerMessage>(&packet.payload)) {
    if (!codec.encode_message) return;
    packet.bytes = codec.encode_message(*message);
  } else if (const auto* request = std::get_if<ClientRequest>(&packet.payload)) {
    if (!codec.encode_request) return;
    packet.bytes = codec.encode_request(*request);
  } else if (const auto* reply = std::get_if<ClientReply>(&packet.payload)) {
    if (!codec.encode_reply) return;
    packet.bytes = codec.encode_reply(*reply);
  } else {
    return;
  }
  packet.encoded = true;
  packet.payload.emplace<std::monostate>();
}

bool Network::decode(Packet& packet) {
  const auto take = [&](auto result) {
    if (!result.ok()) return false;
    packet.payload = std::move(result).value();
    return true;
  };
  packet.encoded = false;
  switch (packet.kind) {
    case PacketKind::kMessage:
      return take(options_.codec.decode_message(packet.bytes));
    case PacketKind::kRequest:
      return take(options_.codec.decode_request(packet.bytes));
    case PacketKind::kReply:
      break;
  }
  return take(options_.codec.decode_reply(packet.bytes));
}

// ---- Arrival.

void Network::arrive(Packet* packet) {
  Link& link = link_of(*packet);
  if (link.cuts > 0) [[unlikely]] {
    drop_cut(link, packet);
    return;
  }
  Endpoint& endpoint = *endpoints_[packet->to];
  if (endpoint.open && kernel_.paused(endpoint.owner)) [[unlikely]] {
    endpoint.backlog.push_back(packet);
    if (endpoint.backlog.size() == 1) {
      kernel_.when_running(endpoint.owner, [this, to = packet->to] { deliver_backlog(to); });
    }
    return;
  }
  deliver(packet);
}

void Network::deliver_backlog(std::uint16_t to) {
  std::vector<Packet*> backlog = std::exchange(endpoints_[to]->backlog, {});
  for (Packet* packet : backlog) arrive(packet);
}

void Network::count_effects(Link& link, const Packet& packet) {
  std::uint64_t felt = packet.felt;
  const auto reordering = std::uint64_t{1} << static_cast<unsigned>(FaultKind::kReordering);
  // It counts when a later packet came first.
  if (packet.number >= link.highest_delivered) felt &= ~reordering;
  for (; felt != 0; felt &= felt - 1) {
    counters_.strike(static_cast<FaultKind>(__builtin_ctzll(felt)));
  }
}

void Network::deliver(Packet* packet) {
  if (packet->encoded) {
    const bool alive = receiver_alive(*packet);
    if (packet->damaged && alive) counters_.strike(FaultKind::kBitFlip);
    if (!decode(*packet)) {
      SYNCHRODB_ASSERT(packet->damaged, "a packet that nothing damaged cannot be decoded");
      drop(packet, "damaged");
      return;
    }
  }
  Link& link = link_of(*packet);
  if (!receiver_alive(*packet)) {
    if (packet->kind == PacketKind::kRequest) refuse(*packet);
    drop(packet, "down");
    return;
  }
  if (packet->felt != 0) [[unlikely]] {
    count_effects(link, *packet);
  }
  link.highest_delivered = std::max(link.highest_delivered, packet->number);
  --link.in_flight;
  packet->launched = false;
  ++delivered_;
  kernel_.feed(DigestKind::kDeliver, link.key, packet->number);
  if (observer_) emit(PacketEvent::Kind::kDelivered, *packet, "");
  hand_over(*endpoints_[packet->to], packet);
}

// Answers a request, once, unless its process has died.
class Network::ServerResponder final : public Responder {
 public:
  ServerResponder(Network& network, std::uint16_t server, std::uint64_t life, std::uint16_t client,
                  CallId call)
      : network_(network), server_(server), client_(client), life_(life), call_(call) {}

  void reply(ClientReply reply) override {
    SYNCHRODB_ASSERT(network_.endpoints_[server_]->life == life_,
                     "a process that has died answers a request");
    SYNCHRODB_ASSERT(!answered_, "a request is answered twice");
    answered_ = true;
    network_.send_reply(server_, client_, call_, std::move(reply));
  }

 private:
  Network& network_;
  std::uint16_t server_;
  std::uint16_t client_;
  std::uint64_t life_;
  CallId call_;
  bool answered_ = false;
};

void Network::hand_over(Endpoint& endpoint, Packet* packet) {
  // The handler may throw a failed assertion.
  struct Free {
    Network& network;
    Packet* packet;
    ~Free() { network.free_packet(packet); }
  } free{*this, packet};
  switch (packet->kind) {
    case PacketKind::kMessage:
      endpoint.handler->on_message(std::move(std::get<PeerMessage>(packet->payload)));
      break;
    case PacketKind::kRequest:
      endpoint.handler->on_request(
          std::move(std::get<ClientRequest>(packet->payload)),
          std::make_unique<ServerResponder>(*this, packet->to, endpoint.life, packet->from,
                                            packet->call));
      break;
    case PacketKind::kReply:
      if (packet->refusal) {
        finish_call(packet->call, Error{ErrorCode::kUnavailable, "connection refused"});
      } else {
        finish_call(packet->call, std::move(std::get<ClientReply>(packet->payload)));
      }
      break;
  }
}

void Network::refuse(const Packet& request) {
  if (!endpoints_[request.to]->refusals.bernoulli(options_.refusal_ppm)) return;
  Packet* refusal = take_packet(PacketKind::kReply, request.to, request.from);
  refusal->refusal = true;
  refusal->call = request.call;
  static_cast<void>(send(refusal));
}

// ---- Endpoints.

bool Network::send_message(std::uint16_t from, PeerMessage message) {
  const std::uint16_t to = endpoint_of(message.to);
  if (to == kNoEndpoint) return true;  // lost, as on a wrong address
  Packet* packet = take_packet(PacketKind::kMessage, from, to);
  packet->payload.emplace<PeerMessage>(std::move(message));
  return send(packet);
}

void Network::send_reply(std::uint16_t from, std::uint16_t to, CallId call, ClientReply reply) {
  Packet* packet = take_packet(PacketKind::kReply, from, to);
  packet->call = call;
  packet->payload.emplace<ClientReply>(std::move(reply));
  static_cast<void>(send(packet));
}

void Network::close_endpoint(std::uint16_t index) {
  Endpoint& endpoint = *endpoints_[index];
  endpoint.open = false;
  endpoint.handler = nullptr;
  ++endpoint.life;
  for (Packet* packet : std::exchange(endpoint.backlog, {})) drop(packet, "down");
  for (std::uint32_t i = 0; i < calls_.size(); ++i) {
    PendingCall& call = *calls_[i];
    if (!call.active || call.from != index) continue;
    kernel_.cancel(call.timer);
    call.active = false;
    ++call.generation;
    call.done = nullptr;
    free_calls_.push_back(i);
  }
}

// ---- Calls.

Network::PendingCall* Network::find_call(CallId id) {
  if (id.index >= calls_.size()) return nullptr;
  PendingCall& call = *calls_[id.index];
  return call.active && call.generation == id.generation ? &call : nullptr;
}

void Network::start_call(std::uint16_t from, NodeId to, ClientRequest request, Instant deadline,
                         Transport::Done done) {
  if (free_calls_.empty()) {
    calls_.push_back(std::make_unique<PendingCall>());
    free_calls_.push_back(static_cast<std::uint32_t>(calls_.size() - 1));
  }
  const std::uint32_t index = free_calls_.back();
  free_calls_.pop_back();
  PendingCall& call = *calls_[index];
  call.active = true;
  call.from = from;
  call.deadline = deadline;
  call.done = std::move(done);
  call.timer = EventId{};
  const CallId id{index, call.generation};
  arm_call(id);
  const std::uint16_t endpoint = endpoint_of(to);
  if (endpoint == kNoEndpoint) return;  // a wrong address: silence
  Packet* packet = take_packet(PacketKind::kRequest, from, endpoint);
  packet->call = id;
  packet->payload.emplace<ClientRequest>(std::move(request));
  if (send(packet)) return;
  // Not before call() has returned.
  kernel_.after(Duration{}, [this, id] {
    finish_call(id, Error{ErrorCode::kUnavailable, "the connection is full"});
  });
}

void Network::arm_call(CallId id) {
  PendingCall& call = *calls_[id.index];
  if (call.deadline == kNever) return;
  TrueTime time = endpoints_[call.from]->clock->when(call.deadline);
  if (time == kEndOfTime) time = kernel_.now() + kStoppedClockCheck;
  call.timer = kernel_.at(time, [this, id] { on_call_deadline(id); });
}

void Network::on_call_deadline(CallId id) {
  const PendingCall* call = find_call(id);
  if (call == nullptr) return;
  const Endpoint& endpoint = *endpoints_[call->from];
  if (kernel_.paused(endpoint.owner)) {
    kernel_.when_running(endpoint.owner, [this, id] { on_call_deadline(id); });
  } else if (endpoint.clock->local_now() < call->deadline) {
    arm_call(id);  // the clock has become slower
  } else {
    finish_call(id, Error{ErrorCode::kTimeout, "no answer in time"});
  }
}

void Network::finish_call(CallId id, Result<ClientReply> result) {
  PendingCall* call = find_call(id);
  if (call == nullptr) return;  // it timed out before
  kernel_.cancel(call->timer);
  const Transport::Done done = std::move(call->done);
  call->done = nullptr;
  call->active = false;
  ++call->generation;
  free_calls_.push_back(id.index);
  done(std::move(result));
}

// ---- The transport.

NodeTransport::~NodeTransport() {
  if (open_) close();
}

bool NodeTransport::send(PeerMessage message) {
  SYNCHRODB_ASSERT(open_, "a process that has died sends a message");
  return network_.send_message(endpoint_, std::move(message));
}

void NodeTransport::call(NodeId to, ClientRequest request, Instant deadline, Done done) {
  SYNCHRODB_ASSERT(open_, "a process that has died sends a request");
  network_.start_call(endpoint_, to, std::move(request), deadline, std::move(done));
}

void NodeTransport::serve(PeerHandler* handler) {
  SYNCHRODB_ASSERT(open_ || handler == nullptr, "a process that has died serves");
  network_.endpoints_[endpoint_]->handler = handler;
}

void NodeTransport::open() {
  open_ = true;
  network_.endpoints_[endpoint_]->open = true;
}

void NodeTransport::close() {
  open_ = false;
  network_.close_endpoint(endpoint_);
}

}  // namespace synchrodb::sim
