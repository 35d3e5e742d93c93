// Inside the network: what its records hold.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sim/network/network.h"

namespace synchrodb::sim {

struct Network::Packet {
  Packet* next_free = nullptr;
  PacketKind kind = PacketKind::kMessage;
  bool encoded = false;   // travels as `bytes`, the payload is empty
  bool damaged = false;   // … of which one bit is wrong
  bool refusal = false;   // kReply: the request was not delivered
  bool launched = false;  // counts as in flight on its link
  std::uint16_t from = 0;
  std::uint16_t to = 0;
  std::uint64_t number = 0;  // of its link's packets
  std::uint64_t felt = 0;    // faults that changed its way, a bit each
  CallId call;               // kRequest, kReply
  std::variant<std::monostate, PeerMessage, ClientRequest, ClientReply> payload;
  std::string bytes;

  void feel(FaultKind fault) { felt |= std::uint64_t{1} << static_cast<unsigned>(fault); }
};
static_assert(static_cast<unsigned>(FaultKind::kCount) <= 64);

struct Network::Link {
  // Streams that only faults draw from.
  struct Noise {
    Stream loss;
    Stream bimodal;
    Stream duplicate;
    Stream reorder;
    Stream flip;
  };

  std::uint16_t from = 0;
  std::uint16_t to = 0;
  std::uint64_t key = 0;  // for the digest
  LinkOptions options;
  bool plain = true;  // only the baseline's delay: the short path
  bool clogged = false;
  unsigned cuts = 0;                                 // partitions that cut it
  FaultKind cut_kind = FaultKind::kPartitionHalves;  // of the latest
  std::uint32_t in_flight = 0;
  std::uint64_t next_number = 0;
  std::uint64_t highest_delivered = 0;
  TrueTime busy_until;
  Stream delay;
  std::unique_ptr<Noise> noise;
  std::vector<Packet*> waiting;  // while clogged
};

struct Network::Endpoint {
  NodeId id;
  Owner owner;
  const LocalTime* clock = nullptr;
  PeerHandler* handler = nullptr;
  bool open = false;
  std::uint64_t life = 0;  // counts close()
  Stream refusals;
  std::vector<Packet*> backlog;  // while the process is paused
};

struct Network::Rule {
  std::uint64_t id;
  FaultKind kind;
  PacketRule rule;
};

struct Network::Partition {
  std::uint64_t id;
  FaultKind kind;
  LinkSet links;
};

struct Network::PendingCall {
  std::uint32_t generation = 1;
  bool active = false;
  std::uint16_t from = 0;
  Instant deadline = kNever;
  EventId timer;
  Transport::Done done;
};

}  // namespace synchrodb::sim
