// The nemesis' disk family: slow, failing, full, forgetful and rotten disks.
#include <algorithm>

#include "sim/marks.h"
#include "sim/world/nemesis.h"

namespace synchrodb::sim {

void Nemesis::begin_disk(Active& active) {
  for (const std::uint32_t victim : active.victims) {
    Process& process = cluster_[victim];
    switch (active.kind) {
      case FaultKind::kDiskLatency:
      case FaultKind::kDiskStall:
      case FaultKind::kSyncFailure:
      case FaultKind::kDiskFull:
      case FaultKind::kDiskError:
      case FaultKind::kLyingSync:
      case FaultKind::kMisdirectedWrite:
        refresh_disk(process);
        break;
      case FaultKind::kLostWrites:
      case FaultKind::kTornWrite:
      case FaultKind::kLostRename:
        refresh_crash_mode(process);
        break;
      case FaultKind::kBitRot:
        for (std::int64_t i = 0; i < parameter(active, "flips"); ++i) {
          if (process.disk().rot()) {
            damaged_ = true;
            world_.oracle.on_damage(victim);
          }
        }
        break;
      default:
        return;
    }
    if (active.kind == FaultKind::kMisdirectedWrite || active.kind == FaultKind::kLyingSync) {
      damaged_ = true;
      world_.oracle.on_damage(victim);
    }
  }
}

void Nemesis::end_disk(Active& active) {
  if (active.kind < FaultKind::kDiskLatency || active.kind > FaultKind::kDiskError) {
    if (active.kind != FaultKind::kLyingSync) return;
  }
  for (const std::uint32_t victim : active.victims) {
    refresh_disk(cluster_[victim]);
    refresh_crash_mode(cluster_[victim]);
  }
}

// The disk's options are what all faults under way make of its nature.
void Nemesis::refresh_disk(Process& process) {
  DiskOptions options = disks_;
  for (const auto& each : active_) {
    const Active& active = *each;
    const auto& victims = active.victims;
    if (std::find(victims.begin(), victims.end(), process.index()) == victims.end()) continue;
    const auto ppm = [&] { return static_cast<std::uint64_t>(parameter(active, "ppm")); };
    switch (active.kind) {
      case FaultKind::kDiskLatency: {
        const std::int64_t usual =
            std::max<std::int64_t>((disks_.sync.min + disks_.sync.mean).ns, 1);
        const std::int64_t asked =
            (parameter(active, "sync-min-us") + parameter(active, "sync-max-us")) * 500;
        options.slow_percent = std::max<std::int64_t>(asked * 100 / usual, 101);
        break;
      }
      case FaultKind::kDiskStall:
        options.stall_ppm = ppm();
        options.stall = milliseconds(parameter(active, "stall-ms"));
        break;
      case FaultKind::kSyncFailure:
        options.sync_failure_ppm = ppm();
        break;
      case FaultKind::kDiskFull:
        options.capacity = process.disk().bytes_used() +
                           static_cast<std::uint64_t>(parameter(active, "free-bytes"));
        break;
      case FaultKind::kDiskError:
        options.read_error_ppm = ppm();
        options.write_error_ppm = ppm();
        break;
      case FaultKind::kLyingSync:
        options.lying_sync_ppm = ppm();
        break;
      case FaultKind::kMisdirectedWrite:
        options.misdirect_ppm = ppm();
        break;
      default:
        break;
    }
  }
  process.disk().options() = options;
}

// How cruel the next loss of power is.
void Nemesis::refresh_crash_mode(Process& process) {
  std::optional<CrashMode> mode;
  std::uint32_t tear = 512;
  for (const auto& each : active_) {
    const Active& active = *each;
    const auto& victims = active.victims;
    if (std::find(victims.begin(), victims.end(), process.index()) == victims.end()) continue;
    if (active.kind == FaultKind::kLostWrites) {
      mode = random_.bernoulli(static_cast<std::uint64_t>(parameter(active, "ppm")))
                 ? CrashMode::kLoseAll
                 : CrashMode::kKeepPrefix;
    } else if (active.kind == FaultKind::kTornWrite) {
      mode = CrashMode::kKeepSubset;
      tear = parameter(active, "sector-bytes") >= 4'096 ? 4'096 : 512;
    } else if (active.kind == FaultKind::kLostRename) {
      mode = CrashMode::kKeepPrefix;
    }
  }
  process.set_crash_mode(mode, tear);
}

}  // namespace synchrodb::sim
