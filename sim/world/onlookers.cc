// Those who watch a world and must not change it: no event is scheduled, nothing is drawn and
// nothing fed to the digest for their sake.
#include <algorithm>

#include "sim/protocol/envelope.h"
#include "sim/world/world.h"

namespace synchrodb::sim {
namespace {

// Some milliseconds of wall time.
constexpr std::uint64_t kEventsBetweenPolls = 4'096;

// Whoever names each message by itself has no kinds of messages.
constexpr std::size_t kMostNames = 1'000;

const char* type_of(const PacketView& packet) {
  switch (packet.kind) {
    case PacketKind::kMessage:
      if (packet.message == nullptr) return "";
      return name_of(packet.message->message);
    case PacketKind::kRequest:
      return "request";
    case PacketKind::kReply:
      return "reply";
  }
  return "";
}

}  // namespace

RunEnd World::advance(TrueTime limit, std::uint64_t max_events) {
  if (!options_.poll) return kernel_.run(limit, max_events);
  while (true) {
    const std::uint64_t left = max_events - kernel_.events();
    const std::uint64_t slice = std::min(left, kEventsBetweenPolls);
    const RunEnd end = kernel_.run(limit, slice);
    if (end != RunEnd::kEventLimit || slice == left) return end;
    options_.poll();
  }
}

const char* World::type_for_onlookers(const PacketView& packet) {
  if (options_.behaviour == nullptr || packet.message == nullptr) return type_of(packet);
  const std::string name = options_.behaviour->name_of(*bytes_of(packet.message->message));
  const auto known = message_names_.find(name);
  if (known != message_names_.end()) return known->c_str();
  if (message_names_.size() == kMostNames) return "message";
  return message_names_.insert(name).first->c_str();
}

void World::observe_messages() {
  if (!options_.messages) return;
  using Kind = Network::PacketEvent::Kind;
  network_.observe([this](const Network::PacketEvent& event) {
    MessageEvent told;
    told.kind = event.kind == Kind::kSent        ? MessageEvent::Kind::kSent
                : event.kind == Kind::kDelivered ? MessageEvent::Kind::kDelivered
                                                 : MessageEvent::Kind::kLost;
    told.time_ns = kernel_.now().ns;
    told.from = event.packet.from.value;
    told.to = event.packet.to.value;
    told.number = event.link_number;
    told.type = type_for_onlookers(event.packet);
    told.why = event.why;
    options_.messages(told);
  });
}

}  // namespace synchrodb::sim
