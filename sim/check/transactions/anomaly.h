// What can be wrong with a history of transactions, and what each rules out.
//
// Names and lattice: Adya's thesis (1999) for G0 to G2; Cerone, Bernardi and Gotsman (2015) for
// internal; Kingsbury and Alvaro's Elle (VLDB 2020) for the rest and for -process and -realtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace synchrodb::check {

// In order of severity. All dependencies on items of data are on keys, never on predicates: every
// G-single and G-nonadjacent here is a G2-item too.
enum class Anomaly : std::uint8_t {
  kGarbageRead,        // a value that no transaction wrote
  kDuplicateElements,  // an element twice in one list
  kCyclicVersions,     // a key's values come each before the other
  kInternal,           // a transaction that contradicts what it did or saw before
  kFutureRead,         // a transaction that saw what it was yet to write
  kG1a,                // aborted read
  kDirtyUpdate,        // a committed append on top of an aborted one
  kIncompatibleOrder,  // two lists of one key, neither the beginning of the other
  kG1b,                // intermediate read
  kLostUpdate,         // two that read the same version, and both wrote the next
  kG0,                 // a cycle of ww
  kG1c,                // of ww and wr
  kGSingle,            // with one rw
  kGNonadjacent,       // with several rw, never two in a row
  kG2Item,             // with two rw in a row
  kG0Process,          // the same with the order of a process
  kG1cProcess,
  kGSingleProcess,
  kGNonadjacentProcess,
  kG2ItemProcess,
  kG0Realtime,  // the same with the order of real time
  kG1cRealtime,
  kGSingleRealtime,
  kGNonadjacentRealtime,
  kG2ItemRealtime,
};

inline constexpr std::size_t kAnomalies = 25;

// From weak to strong, as far as they can be ordered.
enum class ConsistencyModel : std::uint8_t {
  kReadUncommitted,
  kReadCommitted,
  kMonotonicView,
  kMonotonicSnapshotRead,
  kMonotonicAtomicView,
  kReadAtomic,
  kCausal,
  kPrefix,
  kParallelSnapshotIsolation,
  kCursorStability,
  kConsistentView,
  kForwardConsistentView,
  kRepeatableRead,
  kSnapshotIsolation,
  kSerializable,
  kStrongSessionReadUncommitted,
  kStrongSessionReadCommitted,
  kStrongSessionSnapshotIsolation,
  kStrongSessionSerializable,
  kStrongReadUncommitted,
  kStrongReadCommitted,
  kStrongSnapshotIsolation,
  kStrictSerializable,
};

inline constexpr std::size_t kConsistencyModels = 23;

using AnomalySet = std::uint32_t;           // bit i: the Anomaly of number i
using ConsistencyModelSet = std::uint32_t;  // bit i: the ConsistencyModel of number i

constexpr AnomalySet set_of(Anomaly anomaly) {
  return AnomalySet{1} << static_cast<unsigned>(anomaly);
}
constexpr ConsistencyModelSet set_of(ConsistencyModel model) {
  return ConsistencyModelSet{1} << static_cast<unsigned>(model);
}

// "G-single-realtime", "lost-update", …
std::string_view name(Anomaly anomaly);
// "snapshot-isolation", "strict-serializable", …
std::string_view name(ConsistencyModel model);
std::optional<ConsistencyModel> parse_consistency_model(std::string_view word);

// The anomaly and all that it is a case of: G0 is a G1c, and a G0-process, …
AnomalySet implied_by(Anomaly anomaly);
// All models that cannot hold where these are.
ConsistencyModelSet ruled_out_by(AnomalySet anomalies);
// Its members, from weak to strong.
std::vector<ConsistencyModel> models_of(ConsistencyModelSet models);
// Those of the set that no other of the set implies; and that imply no other of the set.
std::vector<ConsistencyModel> strongest_of(ConsistencyModelSet models);
std::vector<ConsistencyModel> weakest_of(ConsistencyModelSet models);

}  // namespace synchrodb::check
