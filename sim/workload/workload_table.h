// What simulated clients do: the workloads and their kinds of operation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace synchrodb::sim {

struct OperationKind {
  std::string_view name;  // as in WorkloadPlan::mix
  std::int64_t weight;    // of ten or so; how often it is drawn when all kinds are in
  bool mutates;           // false: it only reads
};

struct WorkloadSpec {
  std::string_view name;
  std::string_view description;
  std::span<const OperationKind> operations;
};

// All workloads, in the order in which they are listed to people.
std::span<const WorkloadSpec> workload_table();
// Null for an unknown name.
const WorkloadSpec* find_workload(std::string_view name);
// Null for an unknown kind.
const OperationKind* find_operation(const WorkloadSpec& workload, std::string_view name);

}  // namespace synchrodb::sim
