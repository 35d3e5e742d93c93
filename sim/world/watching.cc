// What looks at a run from outside: invariants, nemeses that decide as they see, other futures, and
// the end that is asked for.
#include <algorithm>
#include <utility>

#include "sim/world/world.h"

namespace synchrodb::sim {

void World::start_watching() {
  for (const PlanBranch& branch : plan_.branches) {
    kernel_.look_at(TrueTime{branch.at.ns},
                    [this, key = branch.noise_key] { streams_.branch(key); });
  }
  for (const Invariant& invariant : options_.invariants) {
    each_moment(invariant.when, kEndOfTime, [this, &invariant] { watch(invariant); });
  }
  for (const LiveNemesis& nemesis : options_.nemeses) {
    // At the end of the faulty phase it is too late for a plan's faults too.
    each_moment(nemesis.when, TrueTime{plan_.faulty_time.ns - 1},
                [this, &nemesis] { strike(nemesis); });
  }
  if (options_.sample && options_.sample_every > Duration{}) {
    each_moment(Moments{options_.sample_every, {Duration{}}}, kEndOfTime,
                [this] { options_.sample(WorldView(kernel_, *cluster_)); });
  }
  if (options_.stop_at) kernel_.look_at(*options_.stop_at, [this] { stop_and_report(); });
}

void World::each_moment(const Moments& when, TrueTime last, std::function<void()> look) {
  for (const Duration at : when.at) {
    if (TrueTime{at.ns} <= last) kernel_.look_at(TrueTime{at.ns}, look);
  }
  if (when.every.ns <= 0 || TrueTime{when.every.ns} > last) return;
  // Each look asks for the next one.
  auto repeat = std::make_shared<std::function<void()>>();
  *repeat = [this, every = when.every, last, look = std::move(look),
             again = std::weak_ptr(repeat)] {
    look();
    const TrueTime next = kernel_.now() + every;
    if (next <= last && !finished_ && !violation_) {
      kernel_.look_at(next, [self = again.lock()] { (*self)(); });
    }
  };
  kernel_.look_at(TrueTime{when.every.ns}, [repeat] { (*repeat)(); });
}

void World::watch(const Invariant& invariant) {
  if (violation_) return;
  if (std::optional<Violation> found = invariant.check(WorldView(kernel_, *cluster_))) {
    violate(std::move(*found));
  }
}

void World::strike(const LiveNemesis& nemesis) {
  if (violation_ || nemesis_->healed()) return;
  Plan plan = plan_;
  for (FaultAction& action : nemesis.strike(WorldView(kernel_, *cluster_))) {
    action.at = Duration{kernel_.now().ns};
    plan.faults = {nemesis_->struck().begin(), nemesis_->struck().end()};
    plan.faults.push_back(action);
    plan.faults.insert(plan.faults.end(), plan_.faults.begin(), plan_.faults.end());
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const FaultAction& a, const FaultAction& b) { return a.at < b.at; });
    Result<> valid = validate(plan);
    if (valid && options_.behaviour != nullptr) valid = validate_for_protocol(plan);
    if (!valid) {
      throw ScriptError("what a nemesis began at " + std::to_string(action.at.ns / 1'000'000) +
                        " ms makes the plan one that cannot run: " + valid.error().message);
    }
    nemesis_->strike(std::move(action));
  }
}

void World::stop_and_report() {
  if (finished_ || violation_) return;
  const WorldView view(kernel_, *cluster_);
  for (const NodeView& node : view.nodes()) {
    NodeContents contents{node, {}};
    for (const std::string& key : view.keys(node.index)) {
      if (std::optional<std::string> value = view.get(node.index, key)) {
        contents.values.emplace_back(key, std::move(*value));
      }
    }
    contents_.push_back(std::move(contents));
  }
  finish();
}

}  // namespace synchrodb::sim
