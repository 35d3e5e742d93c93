// What the subcommands share: exit codes, messages, and the flags that shape a run.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

inline constexpr const char* kVersion = "0.1.0";

inline constexpr int kExitOk = 0;
inline constexpr int kExitViolation = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitUnknown = 3;

int exit_code_of(Verdict verdict);

// Says what is wrong on standard error and, with `json`, as {"error": …} on standard output.
// Returns kExitBadInput.
int refuse(const std::string& message, bool json);

// Prints to standard output. An error when it does not take it all.
Result<> print(const std::string& text);

Result<std::string> read_file(const std::string& path);
// Beside, synced, renamed: there is the whole file or the old one.
Result<> write_file(const std::string& path, const std::string& contents);

// The plan in a file, with a defect switched on ("": the plan's own). An error begins with "plan".
Result<Plan> load_plan(const std::string& path, const std::string& defect);

// The flags of `run`, `campaign` and `shrink` that make a PlanShape.
class ShapeFlags {
 public:
  // `this` must outlive the parsing.
  void add_to(CLI::App& command);

  // The shape that was asked for; an error names the flag.
  Result<PlanShape> shape() const;
  // The name of a flag that was given and that a plan decides itself; "" if there is none.
  std::string given_besides_plan() const;
  const std::string& defect() const { return defect_; }

 private:
  Result<> add_options(PlanShape& shape) const;

  CLI::App* command_ = nullptr;
  std::string nodes_;
  std::string time_;
  std::string workload_;
  std::string rate_;
  std::string clients_;
  std::vector<std::string> faults_;
  std::vector<std::string> options_;
  std::string defect_;
  std::string strategy_;
  bool beyond_budget_ = false;
};

// A decimal natural number of at most 64 bits, whole text.
Result<std::uint64_t> parse_number(const std::string& flag, const std::string& text);

}  // namespace synchrodb::sim
