// Queues: what goes in comes out, once. After Jepsen's total-queue; the order does not matter.
#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "sim/check/objects/findings.h"

namespace synchrodb::check {
namespace {

struct QueueElement {
  Value value;
  std::vector<OperationId> attempts;  // enqueues that may have taken effect
  std::vector<OperationId> failed;
  std::vector<OperationId> out;  // dequeues and drains, once for each copy
  std::size_t acknowledged = 0;
};

class QueueCheck {
 public:
  QueueCheck(const ObjectHistory& history, Findings& findings)
      : history_(history), findings_(findings) {}

  void run() {
    for (OperationId id = 0; id < history_.size(); ++id) take(id);
    std::size_t attempted = 0;
    std::size_t acknowledged = 0;
    std::size_t out = 0;
    for (const QueueElement& one : elements_) {
      judge(one);
      attempted += one.attempts.size();
      acknowledged += one.acknowledged;
      out += one.out.size();
    }
    findings_.count("attempted", attempted);
    findings_.count("acknowledged", acknowledged);
    findings_.count("dequeued", out);
    findings_.count("recovered", recovered_);
    find_lost();
  }

 private:
  QueueElement& element(Value value) {
    const auto [found, fresh] = numbers_.try_emplace(key_of(value), elements_.size());
    if (fresh) {
      elements_.emplace_back();
      elements_.back().value = value;
    }
    return elements_[found->second];
  }

  void take(OperationId id) {
    const ObjectOperation& one = history_[id];
    if (one.function == ObjectFunction::kEnqueue) {
      QueueElement& added = element(history_.arguments(one)[0]);
      (one.is_possible() ? added.attempts : added.failed).push_back(id);
      added.acknowledged += one.outcome == Outcome::kOk ? 1 : 0;
      return;
    }
    const bool drain = one.function == ObjectFunction::kDrain;
    if (one.outcome == Outcome::kInfo) {
      // It may have taken an element that nobody saw; a drain any number of them.
      unanswered_ += 1;
      unanswered_drain_ |= drain;
    }
    if (one.outcome != Outcome::kOk) return;
    if (drain || one.result_count == 0) empty_ = std::max(empty_, one.invoke_order + 1);
    for (const Value value : history_.results(one)) element(value).out.push_back(id);
  }

  void judge(const QueueElement& one) {
    if (one.out.empty()) return;
    const std::size_t unknown = one.attempts.size() - one.acknowledged;
    if (one.out.size() > one.acknowledged) {
      recovered_ += std::min(unknown, one.out.size() - one.acknowledged);
    }
    const auto before = [this](OperationId a, OperationId b) {
      return history_[a].complete_order < history_[b].complete_order;
    };
    const OperationId first = *std::min_element(one.out.begin(), one.out.end(), before);
    const bool early = !one.attempts.empty() &&
                       history_[one.attempts[0]].invoke_order > history_[first].complete_order;
    if (one.attempts.empty() || early) {
      report_unexpected(one, first);
    } else if (one.out.size() > one.attempts.size()) {
      findings_.add({FindingKind::kDuplicated, one.value, one.out}, [&] {
        return history_.print(one.value) + " went in " + std::to_string(one.attempts.size()) +
               " times at most and came out " + std::to_string(one.out.size()) +
               " times, the last time by " + history_.describe(one.out.back());
      });
    }
  }

  void report_unexpected(const QueueElement& one, OperationId first) {
    std::vector<OperationId> operations = {first};
    const std::vector<OperationId>& tried = one.attempts.empty() ? one.failed : one.attempts;
    if (!tried.empty()) operations.push_back(tried[0]);
    findings_.add({FindingKind::kUnexpected, one.value, std::move(operations)}, [&] {
      const std::string what =
          history_.print(one.value) + " came out by " + history_.describe(first) + ", but ";
      if (tried.empty()) return what + "nobody ever put it in";
      return what + "it was only put in by " + history_.describe(tried[0]) +
             (one.attempts.empty() ? ", which failed" : "");
    });
  }

  // Of an element that never came out: an acknowledged enqueue that was over when the queue was
  // found empty, or was drained.
  const OperationId* lost_enqueue(const QueueElement& one) const {
    if (!one.out.empty()) return nullptr;
    for (const OperationId& id : one.attempts) {
      const ObjectOperation& enqueue = history_[id];
      if (enqueue.outcome == Outcome::kOk && enqueue.complete_order < empty_) return &id;
    }
    return nullptr;
  }

  // Each dequeue without an answer may have taken one.
  void find_lost() {
    std::size_t missing = 0;
    std::size_t left = 0;
    for (const QueueElement& one : elements_) {
      if (!one.out.empty() || one.acknowledged == 0) continue;
      (lost_enqueue(one) != nullptr ? missing : left) += 1;
    }
    findings_.count("unanswered_dequeues", unanswered_);
    findings_.count("left", left);
    if (missing == 0 || unanswered_drain_ || missing <= unanswered_) {
      findings_.count("maybe_taken", missing);
      return;
    }
    for (const QueueElement& one : elements_) {
      const OperationId* enqueue = lost_enqueue(one);
      if (enqueue == nullptr) continue;
      findings_.add({FindingKind::kLost, one.value, {*enqueue}}, [&] {
        return history_.print(one.value) + " was put in by " + history_.describe(*enqueue) +
               ", and did not come out before the queue was empty" +
               (unanswered_ == 0
                    ? ""
                    : "; so did more elements than the " + std::to_string(unanswered_) +
                          " dequeues without an answer can have taken");
      });
    }
  }

  const ObjectHistory& history_;
  Findings& findings_;
  absl::flat_hash_map<std::pair<Value::Kind, std::int64_t>, std::size_t> numbers_;
  std::vector<QueueElement> elements_;  // in order of first mention
  // One more than the event at which the last operation began that left the queue empty.
  EventOrder empty_ = 0;
  std::size_t unanswered_ = 0;
  bool unanswered_drain_ = false;
  std::size_t recovered_ = 0;
};

}  // namespace

void check_queue(const ObjectHistory& history, Findings& findings) {
  QueueCheck(history, findings).run();
}

}  // namespace synchrodb::check
