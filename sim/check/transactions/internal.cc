// What a transaction tells about itself: internal consistency, and reads of its own future.
#include <algorithm>
#include <optional>

#include "sim/check/transactions/for_each_key.h"
#include "sim/check/transactions/phenomena.h"
#include "sim/check/transactions/words.h"

namespace synchrodb::check {
namespace {

using Micros = std::span<const std::uint32_t>;

// What a transaction that looks at a list again must see: all of it, or at least how it ends.
class ExpectedList {
 public:
  bool admits(std::span<const ValueId> list) const {
    if (prefix_) {
      return list.size() == prefix_->size() + own_.size() &&
             std::equal(prefix_->begin(), prefix_->end(), list.begin()) && ends_with_own(list);
    }
    return ends_with_own(list);
  }
  void saw(std::span<const ValueId> list) {
    prefix_ = list;
    own_.clear();
  }
  void appended(ValueId element) { own_.push_back(element); }

  std::string print(const TransactionHistory& history) const {
    std::vector<ValueId> all;
    if (prefix_) all.assign(prefix_->begin(), prefix_->end());
    all.insert(all.end(), own_.begin(), own_.end());
    const std::string list = print_list(history, all);
    return prefix_ ? list : "a list that ends with " + list;
  }

 private:
  bool ends_with_own(std::span<const ValueId> list) const {
    return list.size() >= own_.size() && std::equal(own_.rbegin(), own_.rend(), list.rbegin());
  }

  std::optional<std::span<const ValueId>> prefix_;
  std::vector<ValueId> own_;
};

class InternalCheck {
 public:
  InternalCheck(const VersionIndex& index, PhenomenonSink& sink)
      : history_(index.history()), index_(index), sink_(sink) {}

  void check(TransactionId id, Micros micros) {
    const Outcome outcome = history_[id].outcome;
    if (micros.size() < 2 || (outcome != Outcome::kOk && outcome != Outcome::kInfo)) return;
    const bool lists = history_.kind() == TransactionKind::kListAppend;
    if (lists) check_order(id, micros);
    if (outcome != Outcome::kOk) return;
    check_future(id, micros);
    if (lists) {
      check_list(id, micros);
    } else {
      check_register(id, micros);
    }
  }

 private:
  const MicroOperation& at(std::uint32_t micro) const { return history_.micros()[micro]; }

  // Its own appends, as others see them, in the order in which it made them.
  void check_order(TransactionId id, Micros micros) {
    VersionId before = 0;
    for (const std::uint32_t micro : micros) {
      const MicroOperation& one = at(micro);
      const VersionId version = index_.version_of(micro);
      if (one.is_read() || version > index_.last_ordered(one.key())) continue;
      if (version < before) {
        sink_.report(Anomaly::kInternal, one.key(), {id}, [&] {
          return "T1 appended " + history_.print(index_.value(before)) + " to " +
                 print_key(history_, one.key()) + " before " + history_.print(one.value()) +
                 ", but there it stands after it: " +
                 print_list(history_, history_.trunk(one.key()));
        });
        return;
      }
      before = version;
    }
  }

  void check_list(TransactionId id, Micros micros) {
    ExpectedList expected;
    for (const std::uint32_t micro : micros) {
      const MicroOperation& one = at(micro);
      if (!one.is_read()) expected.appended(one.value());
      if (!one.is_known_read()) continue;
      const std::span<const ValueId> list = history_.list(one);
      if (!expected.admits(list)) {
        sink_.report(Anomaly::kInternal, one.key(), {id}, [&] {
          return "T1 read " + print_key(history_, one.key()) + " as " + print_list(history_, list) +
                 ", but after what it had done and seen before that should have been " +
                 expected.print(history_);
        });
        return;
      }
      expected.saw(list);
    }
  }

  void check_register(TransactionId id, Micros micros) {
    std::optional<ValueId> expected;
    for (const std::uint32_t micro : micros) {
      const MicroOperation& one = at(micro);
      if (one.is_read() && !one.is_known_read()) continue;
      if (one.is_read() && expected && *expected != one.value()) {
        sink_.report(Anomaly::kInternal, one.key(), {id}, [&] {
          return "T1 read " + print_key(history_, one.key()) + " as " +
                 history_.print(one.value()) + ", but by its own deeds it should have been " +
                 history_.print(*expected);
        });
        return;
      }
      expected = one.value();
    }
  }

  // Lists number their versions in order, and those that nobody read after all others.
  bool shows(VersionId read, VersionId write) const {
    return history_.kind() == TransactionKind::kListAppend ? write <= read : write == read;
  }

  void check_future(TransactionId id, Micros micros) {
    VersionId seen = kNoVersion;
    for (const std::uint32_t micro : micros) {
      const MicroOperation& one = at(micro);
      const VersionId version = index_.version_of(micro);
      if (version == kNoVersion) continue;
      if (one.is_read()) {
        const bool lists = history_.kind() == TransactionKind::kListAppend;
        seen = lists && seen != kNoVersion ? std::max(seen, version) : version;
      } else if (seen != kNoVersion && shows(seen, version)) {
        sink_.report(Anomaly::kFutureRead, one.key(), {id}, [&] {
          return "T1 saw " + history_.print(one.value()) + " in " + print_key(history_, one.key()) +
                 " before it put it there itself";
        });
        return;
      }
    }
  }

  const TransactionHistory& history_;
  const VersionIndex& index_;
  PhenomenonSink& sink_;
};

}  // namespace

void find_internal(const VersionIndex& index, PhenomenonSink& sink) {
  InternalCheck check(index, sink);
  for_each_key(index.history(), [&](TransactionId id, Micros micros) { check.check(id, micros); });
}

}  // namespace synchrodb::check
