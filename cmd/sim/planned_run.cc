#include "cmd/sim/planned_run.h"

#include <utility>

#include "sim/campaign/row.h"

namespace synchrodb::sim {

Result<PlannedRun> planned_by_seed(const ShapeFlags& flags, const std::string& seed) {
  Result<std::uint64_t> number = parse_number("seed", seed);
  if (!number) return number.error();
  Result<PlanShape> shape = flags.shape();
  if (!shape) return shape.error();
  return PlannedRun{generate_plan(number.value(), shape.value()),
                    reproduce_command(number.value(), shape.value())};
}

Result<PlannedRun> planned_by_file(const ShapeFlags& flags, const std::string& path) {
  Result<Plan> plan = flags.load_plan(path);
  if (!plan) return plan.error();
  PlannedRun planned{std::move(plan).value(), "synchrodb-sim run --plan " + shell_word(path)};
  if (!flags.defect().empty()) planned.reproduce += " --defect " + planned.plan.defect;
  return planned;
}

Result<PlannedRun> planned_run(const ShapeFlags& flags, const std::string& seed,
                               const std::string& path, const std::string& command) {
  if (seed.empty() == path.empty()) {
    return Error{ErrorCode::kInvalid, command + ": needs either --seed N or --plan FILE"};
  }
  return path.empty() ? planned_by_seed(flags, seed) : planned_by_file(flags, path);
}

}  // namespace synchrodb::sim
