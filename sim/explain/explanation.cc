#include "sim/explain/explanation.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/explain/chain.h"
#include "sim/explain/strokes.h"
#include "sim/explain/words.h"

namespace synchrodb::sim {
namespace {

using Kind = Happening::Kind;

constexpr std::size_t kMostSteps = 40;
constexpr std::size_t kMostMeanwhile = 16;

ChainStep step_of(const Happenings& run, const Happening& happening) {
  return {.begin_ns = happening.time_ns,
          .end_ns = happening.time_ns,
          .from = happening.lane,
          .to = happening.lane,
          .words = words_of(run, happening)};
}

ChainStep message_step(const Happening& sending, const Happening& delivery) {
  return {.begin_ns = sending.time_ns,
          .end_ns = delivery.time_ns,
          .from = sending.lane,
          .to = delivery.lane,
          .words = words_of_message(delivery)};
}

// Nothing: the happening is only on the way from one step to the next.
std::optional<ChainStep> step_at(const Happenings& run, const std::vector<std::size_t>& chain,
                                 std::size_t place) {
  const Happening& each = run.all[chain[place]];
  const std::size_t before = place == 0 ? kNone : chain[place - 1];
  if (before != kNone && each.sending == before) return message_step(run.all[before], each);
  const bool last = place + 1 == chain.size();
  const bool seen_in_real_time = !last && run.all[chain[place + 1]].earlier == chain[place];
  if (telling(run, each) < 2 && !seen_in_real_time && !last) return std::nullopt;
  ChainStep step = step_of(run, each);
  step.by_real_time = before != kNone && each.earlier == before && each.previous != before;
  return step;
}

// The chain's steps; of a long one the last. The chain then begins with the first of them.
std::vector<ChainStep> take_steps(const Happenings& run, std::vector<std::size_t>& chain,
                                  std::size_t& left_out) {
  std::vector<ChainStep> steps;
  std::size_t place = chain.size();
  std::size_t first = place;
  while (place-- > 0) {
    std::optional<ChainStep> step = step_at(run, chain, place);
    if (!step) continue;
    if (steps.size() == kMostSteps) {
      ++left_out;
      continue;
    }
    steps.push_back(std::move(*step));
    first = steps.back().to != steps.back().from ? place - 1 : place;
  }
  std::reverse(steps.begin(), steps.end());
  chain.erase(chain.begin(), chain.begin() + static_cast<std::ptrdiff_t>(first));
  return steps;
}

// Who leads, who is down, and which faults last, just before a moment of the run.
std::vector<std::string> standing_before(const Happenings& run, std::size_t moment) {
  std::map<Lane, std::string> roles;
  for (std::size_t i = 0; i < moment; ++i) {
    const Happening& each = run.all[i];
    const std::string_view name = each.kind == Kind::kEvent ? each.name : "";
    if (name == "became-leader") {
      roles[each.lane] = " leads in term " + std::to_string(each.term);
    } else if (name == "killed" || name == "power-lost" || name == "ended-itself") {
      roles[each.lane] = " is down";
    } else if (name.starts_with("became-") || name == "started" || name == "stepped-down") {
      roles.erase(each.lane);
    }
  }
  std::vector<std::string> told;
  told.reserve(roles.size());
  for (const auto& [lane, words] : roles) told.push_back(name_of_lane(lane) + words);
  for (const Stroke& each : going_on(run, moment)) {
    told.push_back(each.fault + (each.lane == kWorld ? "" : " on " + name_of_lane(each.lane)) +
                   " goes on since " + seconds_text(each.begin_ns));
  }
  return told;
}

}  // namespace

Result<Evidence> gather(const Plan& plan, const std::function<void()>& poll) {
  Evidence evidence;
  evidence.plan = plan;
  RunOptions options;
  options.poll = poll;
  RecordedHistory history;
  options.recorded = [&](RecordedHistory recorded) { history = std::move(recorded); };
  evidence.log.watch(options);
  evidence.result = run(plan, options);
  if (evidence.result.verdict != Verdict::kViolation) {
    return Error{ErrorCode::kInvalid, "there is nothing to explain: the run's verdict is " +
                                          std::string(name_of(evidence.result.verdict))};
  }
  evidence.operations = operations_of(history, plan.workload.clients);
  accuse_answered(evidence.log, evidence.operations);
  evidence.anomaly = find_anomaly(evidence.result, evidence.log, evidence.operations);
  return evidence;
}

Explanation explain(Evidence evidence) {
  Explanation made;
  made.plan = std::move(evidence.plan);
  made.property = std::move(evidence.result.violated);
  made.detail = std::move(evidence.result.detail);
  made.reproduce = std::move(evidence.reproduce);
  made.script = std::move(evidence.script);
  made.anomaly = evidence.anomaly;
  made.run = happenings_of(evidence.log, std::move(evidence.operations));
  std::vector<std::size_t> chain = causal_chain(made.run, made.anomaly);
  made.chain = take_steps(made.run, chain, made.earlier_steps);
  if (!chain.empty()) made.standing = standing_before(made.run, chain.front());
  for (const std::size_t at : meanwhile(made.run, chain, kMostMeanwhile)) {
    made.meanwhile.push_back(step_of(made.run, made.run.all[at]));
  }
  return made;
}

}  // namespace synchrodb::sim
