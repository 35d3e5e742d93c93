// Reads of what should not have been there: aborted, intermediate, made up, twice, out of order.
#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "sim/check/transactions/phenomena.h"
#include "sim/check/transactions/value_table.h"
#include "sim/check/transactions/words.h"

namespace synchrodb::check {
namespace {

class BadReads {
 public:
  BadReads(const VersionIndex& index, bool garbage_counts, PhenomenonSink& sink)
      : history_(index.history()), index_(index), sink_(sink), garbage_counts_(garbage_counts) {}

  void run() {
    const bool lists = history_.kind() == TransactionKind::kListAppend;
    if (lists) find_first_bad();
    for (TransactionId id = 0; id < history_.size(); ++id) {
      const Transaction& one = history_[id];
      if (one.outcome != Outcome::kOk) continue;
      for (std::uint32_t i = 0; i < one.micro_count; ++i) {
        const MicroOperation& micro = history_.micros()[one.first_micro + i];
        if (!micro.is_known_read()) continue;
        const VersionId version = index_.version_of(one.first_micro + i);
        if (!lists) {
          check_version(id, micro, version);
          check_intermediate(id, micro, version);
        } else if (version != kNoVersion) {
          check_trunk(id, micro, version);
        } else {
          check_divergent(id, micro);
        }
      }
    }
  }

 private:
  // The first versions of a key's trunk that no list should hold.
  struct FirstBad {
    VersionId aborted = kNoVersion;
    VersionId garbage = kNoVersion;
    VersionId duplicate = kNoVersion;
  };

  bool is_aborted(VersionId version) const {
    const TransactionId writer = index_.writer(version);
    return writer != kNoTransaction && index_.possible_writer(version) == kNoTransaction;
  }

  void find_first_bad() {
    first_bad_.resize(history_.key_count());
    for (std::uint32_t key = 0; key < history_.key_count(); ++key) {
      FirstBad& bad = first_bad_[key];
      bad.duplicate = index_.first_duplicate(key);
      for (VersionId version = index_.last_ordered(key); version > index_.initial(key); --version) {
        if (is_aborted(version)) bad.aborted = version;
        // Copies of an element have no writer of their own.
        if (index_.writer(version) == kNoTransaction && version < bad.duplicate) {
          bad.garbage = version;
        }
      }
    }
  }

  void report_aborted(TransactionId reader, const MicroOperation& micro, VersionId version) {
    const TransactionId writer = index_.writer(version);
    sink_.report(Anomaly::kG1a, micro.key(), {reader, writer}, [&] {
      return "T1 saw " + history_.print(index_.value(version)) + " in " +
             print_key(history_, micro.key()) + ", which T2 wrote, and T2 failed";
    });
  }

  void report_garbage(TransactionId reader, const MicroOperation& micro, ValueId value) {
    if (!garbage_counts_) return;
    sink_.report(Anomaly::kGarbageRead, micro.key(), {reader}, [&] {
      return "T1 saw " + history_.print(value) + " in " + print_key(history_, micro.key()) +
             ", which nobody wrote";
    });
  }

  void report_duplicate(TransactionId reader, const MicroOperation& micro, ValueId value) {
    sink_.report(Anomaly::kDuplicateElements, micro.key(), {reader}, [&] {
      return "T1 saw " + history_.print(value) + " more than once in " +
             print_key(history_, micro.key()) + ": " + print_list(history_, history_.list(micro));
    });
  }

  void check_version(TransactionId id, const MicroOperation& micro, VersionId version) {
    if (index_.value(version) == kAbsentValue) return;
    if (index_.writer(version) == kNoTransaction) {
      report_garbage(id, micro, index_.value(version));
    } else if (is_aborted(version)) {
      report_aborted(id, micro, version);
    }
  }

  void check_intermediate(TransactionId id, const MicroOperation& micro, VersionId version) {
    const TransactionId writer = index_.writer(version);
    if (!index_.is_intermediate(version) || writer == id) return;
    sink_.report(Anomaly::kG1b, micro.key(), {id, writer}, [&] {
      return "T1 saw " + print_key(history_, micro.key()) + " as of T2's write of " +
             history_.print(index_.value(version)) + ", which was not T2's last there";
    });
  }

  void check_trunk(TransactionId id, const MicroOperation& micro, VersionId version) {
    const FirstBad& bad = first_bad_[micro.key()];
    if (bad.aborted <= version) report_aborted(id, micro, bad.aborted);
    if (bad.garbage <= version) report_garbage(id, micro, index_.value(bad.garbage));
    if (bad.duplicate <= version) report_duplicate(id, micro, index_.value(bad.duplicate));
    check_intermediate(id, micro, version);
  }

  // Versions of each key by value; made for keys that need it.
  const absl::flat_hash_map<ValueId, VersionId>& versions_of(std::uint32_t key) {
    const auto [found, fresh] = by_value_.try_emplace(key);
    if (fresh) {
      for (VersionId version = index_.end(key); version-- > index_.initial(key) + 1;) {
        found->second[index_.value(version)] = version;
      }
    }
    return found->second;
  }

  void check_divergent(TransactionId id, const MicroOperation& micro) {
    const std::span<const ValueId> list = history_.list(micro);
    const std::span<const ValueId> trunk = history_.trunk(micro.key());
    const auto& versions = versions_of(micro.key());
    ValueTable seen;
    seen.reset(list.size());
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (seen.find_or_add(list[i], i) != i) {
        report_duplicate(id, micro, list[i]);
        break;
      }
    }
    for (const ValueId element : list) {
      const auto version = versions.find(element);
      if (version == versions.end() || index_.writer(version->second) == kNoTransaction) {
        report_garbage(id, micro, element);
        break;
      }
      if (is_aborted(version->second)) {
        report_aborted(id, micro, version->second);
        break;
      }
    }
    const auto last = versions.find(list.back());
    if (last != versions.end() && index_.writer(last->second) != kNoTransaction) {
      check_intermediate(id, micro, last->second);
    }
    report_incompatible(id, micro, list, trunk);
  }

  void report_incompatible(TransactionId id, const MicroOperation& micro,
                           std::span<const ValueId> list, std::span<const ValueId> trunk) {
    const auto common = static_cast<VersionId>(
        std::mismatch(list.begin(), list.end(), trunk.begin(), trunk.end()).first - list.begin());
    // Somebody read more of the trunk than the two have in common.
    std::vector<TransactionId> transactions = {id};
    for (VersionId version = index_.last_ordered(micro.key());
         version > index_.initial(micro.key()) + common && transactions.size() == 1; --version) {
      for (const TransactionId reader : index_.readers(version)) {
        if (transactions.size() == 1 && reader != id) transactions.push_back(reader);
      }
    }
    const bool other = transactions.size() > 1;
    sink_.report(Anomaly::kIncompatibleOrder, micro.key(), std::move(transactions), [&] {
      return "T1 read " + print_key(history_, micro.key()) + " as " + print_list(history_, list) +
             (other ? ", but T2 read " : ", but also ") + "what begins like " +
             print_list(history_, trunk) + ": neither can have become the other";
    });
  }

  const TransactionHistory& history_;
  const VersionIndex& index_;
  PhenomenonSink& sink_;
  const bool garbage_counts_;
  std::vector<FirstBad> first_bad_;  // by key
  absl::flat_hash_map<std::uint32_t, absl::flat_hash_map<ValueId, VersionId>> by_value_;
};

}  // namespace

void find_bad_reads(const VersionIndex& index, bool garbage_counts, PhenomenonSink& sink) {
  BadReads(index, garbage_counts, sink).run();
}

}  // namespace synchrodb::check
