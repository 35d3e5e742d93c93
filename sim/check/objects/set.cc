// Sets to which elements are added, and that are read as a whole. After Jepsen's set-full.
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "sim/check/objects/findings.h"

namespace synchrodb::check {
namespace {

constexpr OperationId kNoOperation = 0xffffffffU;

struct Element {
  Value value;
  OperationId attempt = kNoOperation;  // the first add that may have taken effect
  OperationId failed = kNoOperation;   // an add that did not
  // The first completion of an add or of a read that saw it: from then on it was there.
  OperationId known = kNoOperation;
  std::vector<std::uint32_t> seen;  // reads, by rank
};

class SetCheck {
 public:
  SetCheck(const ObjectHistory& history, const ObjectOptions& options, Findings& findings)
      : history_(history), options_(options), findings_(findings) {}

  void run() {
    take_adds();
    take_reads();
    std::size_t stable = 0;
    for (const Element& element : elements_) stable += judge(element) ? 1 : 0;
    std::size_t attempted = 0;
    std::size_t known = 0;
    for (const Element& element : elements_) {
      attempted += element.attempt != kNoOperation ? 1 : 0;
      known += element.known != kNoOperation ? 1 : 0;
    }
    findings_.count("attempted", attempted);
    findings_.count("known", known);
    findings_.count("stable", stable);
    findings_.count("never_read", never_read_);
    findings_.count("reads", reads_.size());
    if (reads_.empty()) {
      findings_.give_up("no read completed");
    } else if (stable == 0) {
      findings_.give_up("no element was seen by a read that began after it was there");
    }
  }

 private:
  Element& element(Value value) {
    const auto [found, fresh] = numbers_.try_emplace(key_of(value), elements_.size());
    if (fresh) {
      elements_.emplace_back();
      elements_.back().value = value;
    }
    return elements_[found->second];
  }

  EventOrder completed(OperationId id) const {
    return id == kNoOperation ? kNeverCompleted : history_[id].complete_order;
  }

  void take_adds() {
    for (OperationId id = 0; id < history_.size(); ++id) {
      const ObjectOperation& one = history_[id];
      if (one.function != ObjectFunction::kAdd) continue;
      Element& added = element(history_.arguments(one)[0]);
      if (!one.is_possible()) {
        added.failed = id;
        continue;
      }
      if (added.attempt == kNoOperation) added.attempt = id;
      if (one.complete_order < completed(added.known)) added.known = id;
    }
  }

  void take_reads() {
    for (OperationId id = 0; id < history_.size(); ++id) {
      const ObjectOperation& one = history_[id];
      if (!one.is_ok(ObjectFunction::kRead)) continue;
      const auto rank = static_cast<std::uint32_t>(reads_.size());
      reads_.push_back(id);
      for (const Value value : history_.results(one)) take_seen(element(value), rank);
    }
  }

  void take_seen(Element& seen, std::uint32_t rank) {
    const OperationId read = reads_[rank];
    if (!seen.seen.empty() && seen.seen.back() == rank) {
      findings_.add({FindingKind::kDuplicated, seen.value, {read}}, [&] {
        return history_.print(seen.value) + " was twice in what " + history_.describe(read) +
               ", returned";
      });
      return;
    }
    seen.seen.push_back(rank);
    const bool there = seen.attempt != kNoOperation &&
                       history_[seen.attempt].invoke_order < history_[read].complete_order;
    if (!there) report_unexpected(seen, read);
    if (history_[read].complete_order < completed(seen.known)) seen.known = read;
  }

  void report_unexpected(const Element& seen, OperationId read) {
    const OperationId add = seen.attempt != kNoOperation ? seen.attempt : seen.failed;
    std::vector<OperationId> operations = {read};
    if (add != kNoOperation) operations.push_back(add);
    findings_.add({FindingKind::kUnexpected, seen.value, std::move(operations)}, [&] {
      const std::string what = history_.print(seen.value) + " was in what " +
                               history_.describe(read) + ", returned, but ";
      if (add == kNoOperation) return what + "nobody ever added it";
      const bool failed = seen.attempt == kNoOperation;
      return what + "it was only added by " + history_.describe(add) +
             (failed ? ", which failed" : "");
    });
  }

  // Whether all reads from some time on saw it.
  bool judge(const Element& one) {
    if (one.known == kNoOperation) return false;
    std::optional<std::uint32_t> present;
    if (!one.seen.empty()) present = one.seen.back();
    // The last read that missed it, in order of invocation.
    std::optional<std::uint32_t> absent;
    auto seen = one.seen.rbegin();
    for (std::uint32_t rank = static_cast<std::uint32_t>(reads_.size()); rank-- > 0;) {
      if (seen == one.seen.rend() || *seen != rank) {
        absent = rank;
        break;
      }
      ++seen;
    }
    const bool missed = absent && history_[reads_[*absent]].invoke_order > completed(one.known);
    if (present && (!absent || *absent < *present)) {
      if (missed) report_stale(one, *absent);
      return true;
    }
    if (missed) {
      report_lost(one, present, *absent);
    } else {
      ++never_read_;
    }
    return false;
  }

  std::string known_words(const Element& one) const {
    return history_.print(one.value) + " was there after " + history_.describe(one.known);
  }

  // Nanoseconds from when it was known to be there until the read had begun; 0 where the times,
  // which decide nothing, make no sense.
  std::int64_t latency(OperationId known, OperationId read) const {
    std::int64_t ns = 0;
    const bool fits =
        !__builtin_sub_overflow(history_[read].invoke_time, history_[known].complete_time, &ns) &&
        ns < std::numeric_limits<std::int64_t>::max();
    return fits ? std::max<std::int64_t>(0, ns + 1) : 0;
  }

  void report_stale(const Element& one, std::uint32_t absent) {
    const OperationId read = reads_[absent];
    Finding finding{FindingKind::kStale, one.value, {read, one.known}};
    finding.latency = latency(one.known, read);
    findings_.add(
        std::move(finding),
        [&] { return known_words(one) + ", but was missed by " + history_.describe(read); },
        options_.linearizable);
  }

  void report_lost(const Element& one, std::optional<std::uint32_t> present, std::uint32_t absent) {
    const OperationId read = reads_[absent];
    Finding finding{FindingKind::kLost, one.value, {read, one.known}};
    if (present) {
      finding.operations.push_back(reads_[*present]);
      finding.latency = latency(one.known, reads_[*present]);
    }
    findings_.add(std::move(finding), [&] {
      return known_words(one) +
             (present ? "; the last to see it was " + history_.describe(reads_[*present])
                      : std::string("; nobody ever saw it")) +
             "; the last to miss it was " + history_.describe(read);
    });
  }

  const ObjectHistory& history_;
  const ObjectOptions& options_;
  Findings& findings_;
  absl::flat_hash_map<std::pair<Value::Kind, std::int64_t>, std::size_t> numbers_;
  std::vector<Element> elements_;   // in order of first mention
  std::vector<OperationId> reads_;  // by rank: in order of invocation
  std::size_t never_read_ = 0;
};

}  // namespace

void check_set(const ObjectHistory& history, const ObjectOptions& options, Findings& findings) {
  SetCheck(history, options, findings).run();
}

}  // namespace synchrodb::check
