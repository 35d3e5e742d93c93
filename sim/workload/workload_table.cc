#include "sim/workload/workload_table.h"

#include <algorithm>
#include <array>

namespace synchrodb::sim {
namespace {

// "lease-…" reads trust the leader's lease, the others confirm leadership with a quorum.
constexpr std::array kRegisterOperations{
    OperationKind{"read", 4, false},
    OperationKind{"lease-read", 3, false},
    OperationKind{"write", 4, true},
};
constexpr std::array kCasRegisterOperations{
    OperationKind{"read", 3, false},
    OperationKind{"lease-read", 3, false},
    OperationKind{"write", 2, true},
    OperationKind{"cas", 3, true},
};
constexpr std::array kKvOperations{
    OperationKind{"get", 3, false},      OperationKind{"lease-get", 2, false},
    OperationKind{"put", 2, true},       OperationKind{"append", 2, true},
    OperationKind{"increment", 1, true}, OperationKind{"delete", 1, true},
};
constexpr std::array kCounterOperations{
    OperationKind{"get", 3, false},
    OperationKind{"lease-get", 2, false},
    OperationKind{"increment", 5, true},
    OperationKind{"delete", 1, true},
};
constexpr std::array kAppendOperations{
    OperationKind{"get", 3, false},
    OperationKind{"lease-get", 2, false},
    OperationKind{"append", 5, true},
    OperationKind{"delete", 1, true},
};

constexpr std::array kWorkloads{
    WorkloadSpec{"cas-register", "registers that are read, written, and compared and set",
                 kCasRegisterOperations},
    WorkloadSpec{"register", "registers that are read and written, each value once",
                 kRegisterOperations},
    WorkloadSpec{"kv", "keys under every command that the checker knows", kKvOperations},
    WorkloadSpec{"counter",
                 "counters: an increment applied twice, or lost, shows in every later one",
                 kCounterOperations},
    WorkloadSpec{"append", "strings that only grow: each read tells the whole past",
                 kAppendOperations},
};

}  // namespace

std::span<const WorkloadSpec> workload_table() {
  return kWorkloads;
}

const WorkloadSpec* find_workload(std::string_view name) {
  const auto* position = std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                      [&](const WorkloadSpec& spec) { return spec.name == name; });
  return position == kWorkloads.end() ? nullptr : position;
}

const OperationKind* find_operation(const WorkloadSpec& workload, std::string_view name) {
  for (const OperationKind& operation : workload.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace synchrodb::sim
