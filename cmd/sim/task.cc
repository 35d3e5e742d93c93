#include "cmd/sim/task.h"

#include <utility>

#include "sim/campaign/row.h"

namespace synchrodb::sim {

Result<Task> seed_task(const ShapeFlags& flags, const std::string& seed) {
  Result<std::uint64_t> number = parse_number("seed", seed);
  if (!number) return number.error();
  Result<PlanShape> shape = flags.shape();
  if (!shape) return shape.error();
  return Task{generate_plan(number.value(), shape.value()),
              reproduce_command(number.value(), shape.value())};
}

Result<Task> plan_task(const ShapeFlags& flags, const std::string& path) {
  Result<Plan> plan = flags.load_plan(path);
  if (!plan) return plan.error();
  Task task{std::move(plan).value(), "synchrodb-sim run --plan " + shell_word(path)};
  if (!flags.defect().empty()) task.reproduce += " --defect " + task.plan.defect;
  return task;
}

Result<Task> seed_or_plan_task(const ShapeFlags& flags, const std::string& seed,
                               const std::string& path, const std::string& command) {
  if (seed.empty() == path.empty()) {
    return Error{ErrorCode::kInvalid, command + ": needs either --seed N or --plan FILE"};
  }
  return path.empty() ? seed_task(flags, seed) : plan_task(flags, path);
}

}  // namespace synchrodb::sim
