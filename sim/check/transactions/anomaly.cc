#include "sim/check/transactions/anomaly.h"

#include <array>

namespace synchrodb::check {
namespace {

using A = Anomaly;
using M = ConsistencyModel;

constexpr std::array<std::string_view, kAnomalies> kAnomalyNames = {"garbage-read",
                                                                    "duplicate-elements",
                                                                    "cyclic-versions",
                                                                    "internal",
                                                                    "future-read",
                                                                    "G1a",
                                                                    "dirty-update",
                                                                    "incompatible-order",
                                                                    "G1b",
                                                                    "lost-update",
                                                                    "G0",
                                                                    "G1c",
                                                                    "G-single",
                                                                    "G-nonadjacent",
                                                                    "G2-item",
                                                                    "G0-process",
                                                                    "G1c-process",
                                                                    "G-single-process",
                                                                    "G-nonadjacent-process",
                                                                    "G2-item-process",
                                                                    "G0-realtime",
                                                                    "G1c-realtime",
                                                                    "G-single-realtime",
                                                                    "G-nonadjacent-realtime",
                                                                    "G2-item-realtime"};

constexpr std::array<std::string_view, kConsistencyModels> kModelNames = {
    "read-uncommitted",
    "read-committed",
    "monotonic-view",
    "monotonic-snapshot-read",
    "monotonic-atomic-view",
    "read-atomic",
    "causal",
    "prefix",
    "parallel-snapshot-isolation",
    "cursor-stability",
    "consistent-view",
    "forward-consistent-view",
    "repeatable-read",
    "snapshot-isolation",
    "serializable",
    "strong-session-read-uncommitted",
    "strong-session-read-committed",
    "strong-session-snapshot-isolation",
    "strong-session-serializable",
    "strong-read-uncommitted",
    "strong-read-committed",
    "strong-snapshot-isolation",
    "strict-serializable"};

struct Implication {
  A special;
  A general;
};

// Each case of each: the rest follows.
constexpr Implication kImplications[] = {
    {A::kFutureRead, A::kG1c},
    {A::kDirtyUpdate, A::kG1a},
    {A::kIncompatibleOrder, A::kG1a},
    {A::kLostUpdate, A::kG2Item},
    {A::kG0, A::kG1c},
    {A::kGSingle, A::kGNonadjacent},
    {A::kGNonadjacent, A::kG2Item},
    {A::kG0Process, A::kG1cProcess},
    {A::kGSingleProcess, A::kGNonadjacentProcess},
    {A::kGNonadjacentProcess, A::kG2ItemProcess},
    {A::kG0Realtime, A::kG1cRealtime},
    {A::kGSingleRealtime, A::kGNonadjacentRealtime},
    {A::kGNonadjacentRealtime, A::kG2ItemRealtime},
    // No edge of a process is needed; and a process does one thing at a time.
    {A::kG0, A::kG0Process},
    {A::kG1c, A::kG1cProcess},
    {A::kGSingle, A::kGSingleProcess},
    {A::kGNonadjacent, A::kGNonadjacentProcess},
    {A::kG2Item, A::kG2ItemProcess},
    {A::kG0Process, A::kG0Realtime},
    {A::kG1cProcess, A::kG1cRealtime},
    {A::kGSingleProcess, A::kGSingleRealtime},
    {A::kGNonadjacentProcess, A::kGNonadjacentRealtime},
    {A::kG2ItemProcess, A::kG2ItemRealtime},
};

struct Stronger {
  M strong;
  M weak;
};

constexpr Stronger kStronger[] = {
    {M::kReadCommitted, M::kReadUncommitted},
    {M::kMonotonicView, M::kReadCommitted},
    {M::kMonotonicSnapshotRead, M::kReadCommitted},
    {M::kMonotonicAtomicView, M::kReadCommitted},
    {M::kReadAtomic, M::kMonotonicAtomicView},
    {M::kCausal, M::kReadAtomic},
    {M::kPrefix, M::kCausal},
    {M::kParallelSnapshotIsolation, M::kCausal},
    {M::kCursorStability, M::kReadCommitted},
    {M::kConsistentView, M::kCursorStability},
    {M::kConsistentView, M::kMonotonicView},
    {M::kForwardConsistentView, M::kConsistentView},
    {M::kRepeatableRead, M::kCursorStability},
    {M::kRepeatableRead, M::kMonotonicAtomicView},
    {M::kSnapshotIsolation, M::kForwardConsistentView},
    {M::kSnapshotIsolation, M::kMonotonicSnapshotRead},
    {M::kSnapshotIsolation, M::kParallelSnapshotIsolation},
    {M::kSnapshotIsolation, M::kPrefix},
    {M::kSerializable, M::kRepeatableRead},
    {M::kSerializable, M::kSnapshotIsolation},
    {M::kStrongSessionReadUncommitted, M::kReadUncommitted},
    {M::kStrongSessionReadCommitted, M::kReadCommitted},
    {M::kStrongSessionReadCommitted, M::kStrongSessionReadUncommitted},
    {M::kStrongSessionSnapshotIsolation, M::kSnapshotIsolation},
    {M::kStrongSessionSnapshotIsolation, M::kStrongSessionReadCommitted},
    {M::kStrongSessionSerializable, M::kSerializable},
    {M::kStrongSessionSerializable, M::kStrongSessionSnapshotIsolation},
    {M::kStrongReadUncommitted, M::kStrongSessionReadUncommitted},
    {M::kStrongReadCommitted, M::kStrongSessionReadCommitted},
    {M::kStrongReadCommitted, M::kStrongReadUncommitted},
    {M::kStrongSnapshotIsolation, M::kStrongSessionSnapshotIsolation},
    {M::kStrongSnapshotIsolation, M::kStrongReadCommitted},
    {M::kStrictSerializable, M::kStrongSessionSerializable},
    {M::kStrictSerializable, M::kStrongSnapshotIsolation},
};

struct Forbids {
  M model;
  A anomaly;
};

// What each forbids over what the weaker ones do.
constexpr Forbids kForbids[] = {
    {M::kReadUncommitted, A::kG0},
    {M::kReadUncommitted, A::kGarbageRead},
    {M::kReadUncommitted, A::kDuplicateElements},
    {M::kReadCommitted, A::kCyclicVersions},
    {M::kReadCommitted, A::kG1a},
    {M::kReadCommitted, A::kG1b},
    {M::kReadCommitted, A::kG1c},
    {M::kReadAtomic, A::kInternal},
    {M::kParallelSnapshotIsolation, A::kLostUpdate},
    {M::kCursorStability, A::kLostUpdate},
    {M::kConsistentView, A::kGSingle},
    {M::kRepeatableRead, A::kG2Item},
    {M::kSnapshotIsolation, A::kGNonadjacent},
    {M::kStrongSessionReadUncommitted, A::kG0Process},
    {M::kStrongSessionReadCommitted, A::kG1cProcess},
    {M::kStrongSessionSnapshotIsolation, A::kGNonadjacentProcess},
    {M::kStrongSessionSerializable, A::kG2ItemProcess},
    {M::kStrongReadUncommitted, A::kG0Realtime},
    {M::kStrongReadCommitted, A::kG1cRealtime},
    {M::kStrongSnapshotIsolation, A::kGNonadjacentRealtime},
    {M::kStrictSerializable, A::kG2ItemRealtime},
};

// All that `model` implies, itself included.
ConsistencyModelSet implied_models(M model) {
  ConsistencyModelSet all = set_of(model);
  for (ConsistencyModelSet before = 0; before != all;) {
    before = all;
    for (const Stronger& pair : kStronger) {
      if ((all & set_of(pair.strong)) != 0) all |= set_of(pair.weak);
    }
  }
  return all;
}

template <typename Keep>
std::vector<M> filtered(ConsistencyModelSet models, Keep keep) {
  std::vector<M> kept;
  for (std::size_t i = 0; i < kConsistencyModels; ++i) {
    const M one = static_cast<M>(i);
    if ((models & set_of(one)) != 0 && keep(one)) kept.push_back(one);
  }
  return kept;
}

}  // namespace

std::string_view name(Anomaly anomaly) {
  return kAnomalyNames[static_cast<std::size_t>(anomaly)];
}

std::string_view name(ConsistencyModel model) {
  return kModelNames[static_cast<std::size_t>(model)];
}

std::optional<ConsistencyModel> parse_consistency_model(std::string_view word) {
  for (std::size_t i = 0; i < kConsistencyModels; ++i) {
    if (kModelNames[i] == word) return static_cast<ConsistencyModel>(i);
  }
  return std::nullopt;
}

AnomalySet implied_by(Anomaly anomaly) {
  AnomalySet all = set_of(anomaly);
  for (AnomalySet before = 0; before != all;) {
    before = all;
    for (const Implication& one : kImplications) {
      if ((all & set_of(one.special)) != 0) all |= set_of(one.general);
    }
  }
  return all;
}

ConsistencyModelSet ruled_out_by(AnomalySet anomalies) {
  AnomalySet all = 0;
  for (std::size_t i = 0; i < kAnomalies; ++i) {
    const auto one = static_cast<Anomaly>(i);
    if ((anomalies & set_of(one)) != 0) all |= implied_by(one);
  }
  ConsistencyModelSet broken = 0;
  for (const Forbids& rule : kForbids) {
    if ((all & set_of(rule.anomaly)) != 0) broken |= set_of(rule.model);
  }
  ConsistencyModelSet out = 0;
  for (std::size_t i = 0; i < kConsistencyModels; ++i) {
    const M model = static_cast<M>(i);
    if ((implied_models(model) & broken) != 0) out |= set_of(model);
  }
  return out;
}

std::vector<ConsistencyModel> models_of(ConsistencyModelSet models) {
  return filtered(models, [](M) { return true; });
}

std::vector<ConsistencyModel> strongest_of(ConsistencyModelSet models) {
  return filtered(models, [models](M one) {
    return filtered(models,
                    [one](M other) {
                      return other != one && (implied_models(other) & set_of(one)) != 0;
                    })
        .empty();
  });
}

std::vector<ConsistencyModel> weakest_of(ConsistencyModelSet models) {
  return filtered(models,
                  [models](M one) { return (implied_models(one) & models & ~set_of(one)) == 0; });
}

}  // namespace synchrodb::check
