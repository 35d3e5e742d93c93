// Inside shrink(): the best plan so far, and the passes that try to make it smaller.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/shrink/shrink.h"

namespace synchrodb::sim {

class Shrinker {
 public:
  // `first` is the result of `plan`, a violation. All references outlive this.
  Shrinker(const Plan& plan, RunResult first, const ShrinkOptions& options,
           const PlanRunner& runner, const std::function<void(const ShrinkProgress&)>& on_progress);

  // All passes, until none finds anything.
  void run();
  ShrinkResult result() &&;

 private:
  void pass(const char* name, void (Shrinker::*shrink_by)());
  // Runs a candidate; adopts it if it violates the property.
  bool attempt(Plan candidate);
  // The same, with a few noise keys.
  bool attempt_noisy(const Plan& candidate);
  bool out_of_runs();

  void shrink_faults();
  void shrink_nodes();
  void shrink_clients();
  void shrink_kinds();
  void shrink_keys();
  void shrink_time();
  void shrink_rate();
  void shrink_options();
  void shrink_buggify();
  void shrink_rest();
  void shrink_actions();
  void shrink_action(std::size_t index);
  void shrink_map(std::map<std::string, std::int64_t> Plan::*map);

  Plan best_;
  RunResult best_result_;
  std::string property_;
  const ShrinkOptions& options_;
  const PlanRunner& runner_;
  const std::function<void(const ShrinkProgress&)>& on_progress_;
  PlanSize before_;
  std::uint64_t runs_ = 1;
  bool ended_ = false;
  const char* pass_ = "";
  std::vector<ShrinkStep> path_;
};

}  // namespace synchrodb::sim
