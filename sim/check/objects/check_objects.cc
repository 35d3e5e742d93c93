#include "sim/check/objects/check_objects.h"

#include <array>
#include <nlohmann/json.hpp>

#include "sim/check/objects/findings.h"

namespace synchrodb::check {

std::string_view name(FindingKind kind) {
  constexpr std::array<std::string_view, kFindingKinds> kNames = {
      "lost",          "stale",       "duplicated",       "unexpected",
      "out-of-bounds", "wrong-total", "negative-balance", "nil-balance"};
  return kNames[static_cast<std::size_t>(kind)];
}

ObjectJudgement check_objects(const ObjectHistory& history, const ObjectOptions& options) {
  ObjectJudgement judgement;
  Findings findings(options, judgement);
  switch (history.model()) {
    case ObjectModel::kSet:
      check_set(history, options, findings);
      break;
    case ObjectModel::kQueue:
      check_queue(history, findings);
      break;
    case ObjectModel::kCounter:
      check_counter(history, options, findings);
      break;
    case ObjectModel::kBank:
      check_bank(history, options, findings);
      break;
  }
  return judgement;
}

std::string to_text(const ObjectHistory& history, const ObjectJudgement& judgement) {
  std::string out = "  " + std::to_string(history.size()) + " operations on a " +
                    std::string(name(history.model()));
  for (const auto& [what, count] : judgement.statistics) {
    out += "; " + what + " " + std::to_string(count);
  }
  out += "\n";
  if (!judgement.exhausted.empty()) out += "  " + judgement.exhausted + "\n";
  for (std::size_t i = 0; i < kFindingKinds; ++i) {
    if (judgement.counts[i] == 0) continue;
    out += "  " + std::string(name(static_cast<FindingKind>(i))) + ": " +
           std::to_string(judgement.counts[i]) + "\n";
  }
  if (!judgement.findings.empty()) out += "\n";
  for (const Finding& finding : judgement.findings) {
    out += "  - " + std::string(name(finding.kind)) + ": " + finding.words + ".\n";
  }
  return out;
}

nlohmann::ordered_json to_json(const ObjectHistory& history, const ObjectJudgement& judgement) {
  using Json = nlohmann::ordered_json;
  Json statistics = Json::object();
  for (const auto& [what, count] : judgement.statistics) statistics[what] = count;
  Json counts = Json::object();
  for (std::size_t i = 0; i < kFindingKinds; ++i) {
    if (judgement.counts[i] == 0) continue;
    counts[std::string(name(static_cast<FindingKind>(i)))] = judgement.counts[i];
  }
  Json examples = Json::array();
  for (const Finding& finding : judgement.findings) {
    examples.push_back(
        {{"kind", name(finding.kind)},
         {"element", finding.element.is_none() ? Json() : Json(history.print(finding.element))},
         {"latency", finding.latency},
         {"operations", finding.operations},
         {"words", finding.words}});
  }
  Json out = {{"verdict", name(judgement.verdict)},
              {"operations", history.size()},
              {"statistics", std::move(statistics)},
              {"findings", std::move(counts)},
              {"examples", std::move(examples)}};
  if (!judgement.exhausted.empty()) out["exhausted"] = judgement.exhausted;
  return out;
}

}  // namespace synchrodb::check
