// Those who watch a world and must not change it: no event is scheduled, nothing is drawn and
// nothing fed to the digest for their sake. The kernel stops between two events, is looked at, and
// goes on.
#include <algorithm>

#include "sim/world/world.h"

namespace synchrodb::sim {
namespace {

// Some milliseconds of wall time.
constexpr std::uint64_t kEventsBetweenQuestions = 4'096;

const char* type_of(const PacketView& packet) {
  switch (packet.kind) {
    case PacketKind::kMessage:
      return packet.message == nullptr ? "" : name_of(packet.message->message);
    case PacketKind::kRequest:
      return "Request";
    case PacketKind::kReply:
      return "Reply";
  }
  return "";
}

}  // namespace

RunEnd World::advance(TrueTime limit, std::uint64_t max_events) {
  const bool sampling = options_.samples && options_.sample_every > Duration{};
  if (sampling) next_sample_ = TrueTime{};
  while (true) {
    const TrueTime until = std::min(limit, next_sample_);
    const std::uint64_t left = max_events - kernel_.events();
    const std::uint64_t slice =
        options_.interrupted ? std::min(left, kEventsBetweenQuestions) : left;
    const RunEnd end = kernel_.run(until, slice);
    if (end == RunEnd::kEventLimit && slice < left) {
      if (!options_.interrupted()) continue;
      interrupted_ = true;
      return RunEnd::kStopped;
    }
    if (end == RunEnd::kStopped || end == RunEnd::kEventLimit || until == limit) return end;
    sample();
    next_sample_ = end == RunEnd::kIdle ? kEndOfTime : next_sample_ + options_.sample_every;
  }
}

void World::sample() {
  for (std::uint32_t i = 0; i < cluster_->size(); ++i) {
    Process& process = (*cluster_)[i];
    NodeSample seen;
    seen.time_ns = kernel_.now().ns;
    seen.node = static_cast<std::int32_t>(i);
    seen.running = process.running();
    seen.clock_error_ns = process.clock().wall_error().ns;
    if (const Replica* replica = process.replica()) {
      const ProtocolStatus status = replica->protocol().status();
      seen.role = name_of(status.role);
      seen.term = status.term.value;
      seen.leader = status.leader.value;
      seen.commit = status.commit.value;
      seen.applied = status.applied.value;
      seen.last = status.last.value;
      seen.keys = replica->state_machine().key_count();
    }
    options_.samples(seen);
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
    told.type = type_of(event.packet);
    told.why = event.why;
    options_.messages(told);
  });
}

}  // namespace synchrodb::sim
