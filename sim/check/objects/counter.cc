// Counters: each read lies between the least and the greatest count that the adds allow. After
// Jepsen's counter.
#include <algorithm>
#include <limits>

#include "sim/check/objects/findings.h"

namespace synchrodb::check {
namespace {

// Sums of as many 64-bit amounts as there can be events.
__extension__ using Wide = __int128;

// Counts stop at the ends of 64 bits.
std::int64_t clamped(Wide bound) {
  using Ends = std::numeric_limits<std::int64_t>;
  return static_cast<std::int64_t>(std::clamp<Wide>(bound, Ends::min(), Ends::max()));
}

// What the adds up to each event come to.
struct Sums {
  Wide increments_begun = 0;
  Wide increments_done = 0;
  Wide decrements_begun = 0;
  Wide decrements_done = 0;
};

std::vector<Sums> sums_by_event(const ObjectHistory& history) {
  std::vector<Sums> sums(history.event_count() + 1);
  for (const ObjectOperation& one : history.operations()) {
    if (one.function != ObjectFunction::kAdd || !one.is_possible()) continue;
    const std::int64_t amount = history.arguments(one)[0].number();
    Sums& begun = sums[one.invoke_order + 1];
    (amount < 0 ? begun.decrements_begun : begun.increments_begun) = amount;
    if (one.outcome != Outcome::kOk) continue;
    Sums& done = sums[one.complete_order + 1];
    (amount < 0 ? done.decrements_done : done.increments_done) = amount;
  }
  for (std::size_t i = 1; i < sums.size(); ++i) {
    const Sums& before = sums[i - 1];
    sums[i].increments_begun += before.increments_begun;
    sums[i].increments_done += before.increments_done;
    sums[i].decrements_begun += before.decrements_begun;
    sums[i].decrements_done += before.decrements_done;
  }
  return sums;
}

}  // namespace

void check_counter(const ObjectHistory& history, const ObjectOptions& options, Findings& findings) {
  const std::vector<Sums> sums = sums_by_event(history);
  const Wide initial = options.initial.value_or(0);
  std::size_t reads = 0;
  for (OperationId id = 0; id < history.size(); ++id) {
    const ObjectOperation& one = history[id];
    if (!one.is_ok(ObjectFunction::kRead)) continue;
    ++reads;
    const Sums& before = sums[one.invoke_order];
    const Sums& after = sums[one.complete_order];
    const std::int64_t least = clamped(initial + before.increments_done + after.decrements_begun);
    const std::int64_t greatest =
        clamped(initial + after.increments_begun + before.decrements_done);
    const Value count = history.results(one)[0];
    if (least <= count.number() && count.number() <= greatest) continue;
    findings.add({FindingKind::kOutOfBounds, count, {id}}, [&] {
      return history.describe(id) + ", returned " + history.print(count) +
             ", but the count was at least " + std::to_string(least) + " and at most " +
             std::to_string(greatest);
    });
  }
  findings.count("reads", reads);
}

}  // namespace synchrodb::check
