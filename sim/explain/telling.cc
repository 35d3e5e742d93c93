// An explanation as text and as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/explain/explanation.h"
#include "sim/explain/words.h"
#include "sim/shrink/shrink.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFaults = 24;

std::string line_of(const ChainStep& step) {
  std::string when = seconds_text(step.begin_ns);
  when.insert(0, when.size() < 14 ? 14 - when.size() : 0, ' ');
  std::string line = when + "  " + step.words;
  if (step.end_ns > step.begin_ns) line += ", arrives at " + seconds_text(step.end_ns);
  if (step.by_real_time) line += "  [later in real time]";
  return line + "\n";
}

std::string heading(const std::string& words) {
  return "\n" + words + "\n";
}

std::string lines_of(const std::vector<FaultAction>& faults) {
  std::string text;
  const std::size_t shown = std::min(faults.size(), kMostFaults);
  for (std::size_t i = 0; i < shown; ++i) text += "  " + words_of(faults[i]) + "\n";
  if (faults.size() == shown) return text;
  return text + "  … and " + std::to_string(faults.size() - shown) +
         " more; a shrunk plan has only those that are needed\n";
}

// Without what the plan's own workload has, where a script stood in for it.
PlanSize size_for(const Explanation& explanation) {
  PlanSize size = size_of(explanation.plan);
  if (explanation.script.empty()) return size;
  size.kinds = 0;
  size.keys = 0;
  size.milli_rate = 0;
  return size;
}

Json json_of(const ChainStep& step) {
  Json json = {{"begin", step.begin_ns},
               {"end", step.end_ns},
               {"from", name_of_lane(step.from)},
               {"to", name_of_lane(step.to)},
               {"words", step.words}};
  if (step.by_real_time) json["by_real_time"] = true;
  return json;
}

Json json_of(const std::vector<ChainStep>& steps) {
  Json json = Json::array();
  for (const ChainStep& step : steps) json.push_back(json_of(step));
  return json;
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string to_text(const Explanation& explanation) {
  std::string text = "violated     " + explanation.property + "\n" + explanation.detail + "\n";
  text += heading("The plan: " + describe(size_for(explanation)));
  if (!explanation.script.empty()) text += "  clients: " + explanation.script + "\n";
  text += lines_of(explanation.plan.faults);
  if (!explanation.standing.empty()) {
    text += heading("When the chain begins");
    for (const std::string& each : explanation.standing) text += "  " + each + "\n";
  }
  text += heading("The causal chain: each step happens before the next");
  if (explanation.earlier_steps > 0) {
    text += "  … " + std::to_string(explanation.earlier_steps) + " earlier steps\n";
  }
  for (const ChainStep& step : explanation.chain) text += line_of(step);
  if (!explanation.meanwhile.empty()) {
    text += heading("Meanwhile");
    for (const ChainStep& step : explanation.meanwhile) text += line_of(step);
  }
  if (!explanation.reproduce.empty()) text += "\nreproduce    " + explanation.reproduce + "\n";
  return text;
}

std::string to_json(const Explanation& explanation) {
  Json json;
  json["property"] = explanation.property;
  json["detail"] = explanation.detail;
  json["plan"] = Json::parse(write_plan(explanation.plan));
  json["reproduce"] = explanation.reproduce;
  if (!explanation.script.empty()) json["script"] = explanation.script;
  json["anomaly"] = {{"time", or_null(explanation.anomaly.time_ns)},
                     {"begin", or_null(explanation.anomaly.begin_ns)},
                     {"node", or_null(explanation.anomaly.node)}};
  json["standing"] = explanation.standing;
  json["earlier_steps"] = explanation.earlier_steps;
  json["chain"] = json_of(explanation.chain);
  json["meanwhile"] = json_of(explanation.meanwhile);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace synchrodb::sim
