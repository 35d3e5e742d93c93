// Those who watch a world and must not change it: no event is scheduled, nothing is drawn and
// nothing fed to the digest for their sake.
#include <algorithm>

#include "sim/world/world.h"

namespace synchrodb::sim {
namespace {

// Some milliseconds of wall time.
constexpr std::uint64_t kEventsBetweenPolls = 4'096;

const char* type_of(const PacketView& packet, bool of_protocol) {
  switch (packet.kind) {
    case PacketKind::kMessage:
      if (packet.message == nullptr) return "";
      return of_protocol ? "message" : name_of(packet.message->message);
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
    told.type = type_of(event.packet, options_.behaviour != nullptr);
    told.why = event.why;
    options_.messages(told);
  });
}

}  // namespace synchrodb::sim
