// The nemesis' process family: crashes, restarts, pauses, slowness, lost machines.
#include <algorithm>

#include "sim/marks.h"
#include "sim/world/nemesis.h"

namespace synchrodb::sim {
namespace {

// How often, and for how long, a crash waits for a write to be pending.
constexpr Duration kLookAgain = microseconds(200);
constexpr int kLooks = 200;
constexpr Duration kMemoryLook = milliseconds(20);

}  // namespace

void Nemesis::begin_process(Active& active) {
  const auto down = [&] { return milliseconds(parameter(active, "down-ms")); };
  for (const std::uint32_t victim : active.victims) {
    Process& process = cluster_[victim];
    switch (active.kind) {
      case FaultKind::kCrash:
        world_.counters.offer(active.kind);
        if (random_.uniform(100) <
            static_cast<std::uint64_t>(parameter(active, "while-writing-percent"))) {
          crash_while_writing(active.serial, victim, kLooks);
        } else {
          crash_and_restart(process, true, down(), active.kind);
        }
        break;
      case FaultKind::kRestart:
        world_.counters.offer(active.kind);
        crash_and_restart(process, false, down(), active.kind);
        break;
      case FaultKind::kPauseClockRunning:
      case FaultKind::kPauseClockStopped:
        world_.counters.offer(active.kind);
        if (!process.running() || process.paused()) break;
        world_.counters.apply(active.kind);
        world_.counters.strike(active.kind);
        process.pause(active.kind == FaultKind::kPauseClockStopped);
        break;
      case FaultKind::kSlowNode:
        world_.counters.offer(active.kind);
        world_.counters.apply(active.kind);
        if (process.running()) world_.counters.strike(active.kind);
        world_.kernel.set_lag(process.owner(), microseconds(parameter(active, "extra-us")));
        break;
      case FaultKind::kWipeAndRejoin:
        world_.counters.offer(active.kind);
        replace(process, down());
        break;
      case FaultKind::kWipedUnderOldName:
        world_.counters.offer(active.kind);
        world_.counters.apply(active.kind);
        if (process.protocol() != nullptr && process.protocol()->status().last > Index{}) {
          world_.counters.strike(active.kind);
        }
        process.wipe(process.id());
        cluster_.restart(process, down());
        break;
      default:
        break;
    }
  }
  if (active.kind == FaultKind::kMemoryLimit) watch_memory(active.serial);
}

void Nemesis::end_process(Active& active) {
  for (const std::uint32_t victim : active.victims) {
    Process& process = cluster_[victim];
    if (active.kind == FaultKind::kPauseClockRunning ||
        active.kind == FaultKind::kPauseClockStopped) {
      process.resume();
    } else if (active.kind == FaultKind::kSlowNode && !any_active(active.kind, victim)) {
      world_.kernel.set_lag(process.owner(), Duration{});
    }
  }
}

void Nemesis::crash_and_restart(Process& process, bool power, Duration down, FaultKind kind) {
  if (!process.running()) return;
  world_.counters.apply(kind);
  world_.counters.strike(kind);
  SOMETIMES(process.leads(), "the leader was killed");
  SOMETIMES(process.paused(), "a paused process was killed");
  // Damage that the last, maybe unacknowledged batch may have suffered cannot be told from a torn
  // write, and the budget promises that it can.
  if (power && !plan_.beyond_budget) process.disk().heal_younger_than(milliseconds(500));
  process.crash(power);
  cluster_.restart(process, down);
}

// Crashes are likelier to tell something while a write is pending.
void Nemesis::crash_while_writing(std::uint64_t serial, std::uint32_t victim, int tries) {
  if (healed_) return;
  Process& process = cluster_[victim];
  if (!process.running()) return;
  if (tries > 0 && process.disk().unsynced() == 0) {
    world_.kernel.after(kLookAgain, [this, serial, victim, tries] {
      crash_while_writing(serial, victim, tries - 1);
    });
    return;
  }
  SOMETIMES(process.disk().unsynced() > 0, "a process was killed while a write was pending");
  const Active* active = find(serial);
  const Duration down =
      active == nullptr ? seconds(1) : milliseconds(parameter(*active, "down-ms"));
  crash_and_restart(process, true, down, FaultKind::kCrash);
}

// A process that outgrows its memory is killed (the kernel's OOM killer).
void Nemesis::watch_memory(std::uint64_t serial) {
  const Active* active = find(serial);
  if (active == nullptr || healed_) return;
  const auto limit = static_cast<std::size_t>(parameter(*active, "bytes"));
  for (const std::uint32_t victim : std::vector<std::uint32_t>(active->victims)) {
    Process& process = cluster_[victim];
    if (process.protocol() == nullptr) continue;
    world_.counters.offer(FaultKind::kMemoryLimit);
    if (process.protocol()->status().log_bytes <= limit) continue;
    SOMETIMES(true, "a process outgrew its memory");
    crash_and_restart(process, false, seconds(1), FaultKind::kMemoryLimit);
  }
  world_.kernel.after(kMemoryLook, [this, serial] { watch_memory(serial); });
}

// The machine's disk is gone for good: a new member takes the old one's place.
void Nemesis::replace(Process& process, Duration down) {
  const Configuration members = cluster_.configuration();
  const NodeId old = process.id();
  if (!members.is_voter(old)) return;
  const NodeId fresh = cluster_.fresh_id();
  world_.counters.apply(FaultKind::kWipeAndRejoin);
  damaged_ = true;
  process.wipe(fresh);
  cluster_.restart(process, down);
  if (cluster_.on_ids_changed) cluster_.on_ids_changed();
  refresh_links();
  ConfigurationChange learn;
  learn.add_learners = {fresh};
  ConfigurationChange promote;
  promote.add_voters = {fresh};
  ConfigurationChange remove;
  remove.remove = {old};
  std::vector<ConfigurationChange> steps{remove, learn, promote};
  if (joint_mode()) {
    promote.remove = {old};
    steps = {learn, promote};
  }
  constexpr std::size_t kAny = 1;  // the new member takes the place of the old one
  admin_.change(std::move(steps), kAny, [this] {
    world_.counters.strike(FaultKind::kWipeAndRejoin);
    SOMETIMES(true, "a wiped machine rejoined under a new id");
  });
}

}  // namespace synchrodb::sim
