#include "sim/run.h"

#include <chrono>

#include "consensus/assert.h"
#include "consensus/defects.h"
#include "sim/marks.h"
#include "sim/world/world.h"

namespace synchrodb::sim {
namespace {

// Switches the plan's defect on for as long as the run lasts.
class DefectSwitch {
 public:
  explicit DefectSwitch([[maybe_unused]] const std::string& name) {
#ifdef SYNCHRODB_DEFECTS
    active_defect.reset();
    for (const DefectName& known : kDefectNames) {
      if (known.name == name) active_defect = known.defect;
    }
#endif
  }
  ~DefectSwitch() {
#ifdef SYNCHRODB_DEFECTS
    active_defect.reset();
#endif
  }
  DefectSwitch(const DefectSwitch&) = delete;
  DefectSwitch& operator=(const DefectSwitch&) = delete;
};

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kViolation:
      return "violation";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

RunResult run(const Plan& plan, const RunOptions& options) {
  SYNCHRODB_ASSERT(validate(plan).ok(), "only valid plans run");
  if (options.behaviour != nullptr) {
    if (options.script == nullptr)
      throw ScriptError("a protocol's nodes need a script to ask them");
    if (Result<> suits = validate_for_protocol(plan); !suits) {
      throw ScriptError(suits.error().message);
    }
  }
  // Wall time is reported to people; it influences nothing.
  const auto began = std::chrono::steady_clock::now();
  clear_marks();
  const DefectSwitch defect(plan.defect);
  World world(plan, options);
  RunResult result = world.run();
  result.marks = reached_marks();
  result.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return result;
}

}  // namespace synchrodb::sim
