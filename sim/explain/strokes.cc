#include "sim/explain/strokes.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "sim/fault_table.h"

namespace synchrodb::sim {
namespace {

bool strikes_and_is_over(std::string_view fault) {
  const std::optional<FaultKind> kind = find_fault(fault);
  if (!kind) return false;
  switch (*kind) {
    case FaultKind::kBitRot:
    case FaultKind::kCrash:
    case FaultKind::kRestart:
    case FaultKind::kWipeAndRejoin:
    case FaultKind::kLeadershipTransfer:
    case FaultKind::kSnapshotNow:
    case FaultKind::kReconfiguredRestart:
    case FaultKind::kWipedUnderOldName:
      return true;
    default:
      return false;
  }
}

struct Open {
  Stroke stroke;
  bool open = true;
};

std::vector<Open> read(const Happenings& run, std::size_t until) {
  std::vector<Open> all;
  for (std::size_t i = 0; i < until; ++i) {
    const Happening& each = run.all[i];
    if (each.kind != Happening::Kind::kEvent) continue;
    const std::string_view name = each.name;
    if (name == "fault-begins") {
      all.push_back(
          {{each.note, each.lane, each.time_ns, each.time_ns}, !strikes_and_is_over(each.note)});
    } else if (name == "fault-ends") {
      const auto begun = std::find_if(all.begin(), all.end(), [&](const Open& known) {
        return known.open && known.stroke.fault == each.note && known.stroke.lane == each.lane;
      });
      if (begun == all.end()) continue;
      begun->open = false;
      begun->stroke.end_ns = each.time_ns;
    }
  }
  for (Open& each : all) {
    if (each.open) each.stroke.end_ns = run.all[until - 1].time_ns;
  }
  return all;
}

}  // namespace

std::vector<Stroke> strokes_of(const Happenings& run, std::size_t until) {
  std::vector<Stroke> strokes;
  for (Open& each : read(run, std::min(until, run.all.size()))) {
    strokes.push_back(std::move(each.stroke));
  }
  return strokes;
}

std::vector<Stroke> going_on(const Happenings& run, std::size_t until) {
  std::vector<Stroke> strokes;
  for (Open& each : read(run, std::min(until, run.all.size()))) {
    if (each.open) strokes.push_back(std::move(each.stroke));
  }
  return strokes;
}

}  // namespace synchrodb::sim
