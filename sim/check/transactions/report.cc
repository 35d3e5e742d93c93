#include "sim/check/transactions/report.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "sim/check/transactions/words.h"

namespace synchrodb::check {
namespace {

using Json = nlohmann::ordered_json;

// What is ruled out besides the weakest.
std::vector<ConsistencyModel> also_ruled_out(const TransactionJudgement& judgement) {
  ConsistencyModelSet rest = judgement.ruled_out;
  for (const ConsistencyModel model : judgement.weakest_ruled_out()) rest &= ~set_of(model);
  return models_of(rest);
}

std::string join(const std::vector<ConsistencyModel>& models) {
  std::string out;
  for (const ConsistencyModel model : models) {
    out += (out.empty() ? "" : ", ") + std::string(name(model));
  }
  return out.empty() ? "none" : out;
}

Json list_of(const std::vector<ConsistencyModel>& models) {
  Json out = Json::array();
  for (const ConsistencyModel model : models) out.push_back(name(model));
  return out;
}

Json case_json(const TransactionHistory& history, const AnomalyCase& one) {
  const CaseNames names(one);
  const auto key = [&history](const std::optional<std::uint32_t>& number) -> Json {
    return number ? Json(history.print(history.key_name(*number))) : Json();
  };
  Json transactions = Json::array();
  for (const TransactionId id : names.transactions()) {
    const Transaction& transaction = history[id];
    const bool completed = transaction.outcome == Outcome::kOk ||
                           transaction.outcome == Outcome::kFail ||
                           transaction.outcome == Outcome::kRefused;
    transactions.push_back(
        {{"name", names(id)},
         {"id", id},
         {"process", transaction.process},
         {"type", name(transaction.outcome)},
         {"value", print_micros(history, id)},
         {"invoke_time", transaction.invoke_time},
         {"complete_time", completed ? Json(transaction.complete_time) : Json()}});
  }
  Json steps = Json::array();
  for (const DependencyStep& step : one.steps) {
    Json out = {{"from", names(step.from)},
                {"to", names(step.to)},
                {"type", name(step.dependency)},
                {"basis", name(step.basis)},
                {"key", key(step.key)}};
    if (step.key) {
      out["value"] = history.print(step.value);
      if (step.dependency != Dependency::kWr) out["next_value"] = history.print(step.next_value);
    }
    out["words"] = step.words;
    steps.push_back(std::move(out));
  }
  return {{"anomaly", name(one.anomaly)},
          {"key", key(one.key)},
          {"words", one.words},
          {"transactions", std::move(transactions)},
          {"steps", std::move(steps)}};
}

}  // namespace

std::string to_text(const TransactionHistory& history, const TransactionOptions& options,
                    const TransactionJudgement& judgement) {
  std::string out = "  " + std::to_string(history.size()) + " transactions on " +
                    std::to_string(history.key_count()) +
                    " keys; required: " + std::string(name(options.required)) + "\n";
  if (!judgement.exhausted.empty()) out += "  exhausted: " + judgement.exhausted + "\n";
  for (std::size_t i = 0; i < kAnomalies; ++i) {
    if (judgement.counts[i] == 0) continue;
    out += "  " + std::string(name(static_cast<Anomaly>(i))) + ": " +
           std::to_string(judgement.counts[i]) + "\n";
  }
  out += "  strongest model not ruled out: " + join(judgement.strongest()) + "\n";
  if (judgement.ruled_out != 0) {
    out += "  not " + join(judgement.weakest_ruled_out()) + "\n";
    const auto also = also_ruled_out(judgement);
    if (!also.empty()) out += "  and so not " + join(also) + "\n";
  }
  if (judgement.undecided != 0) {
    out += "  undecided: " + join(models_of(judgement.undecided)) + "\n";
  }
  if (!history.knows_real_time()) {
    out += "  (without invocations nothing is known of real time)\n";
  }
  for (const AnomalyCase& one : judgement.cases) {
    if (!one.words.empty()) out += "\n" + std::string(name(one.anomaly)) + "\n" + one.words;
  }
  return out;
}

Json to_json(const TransactionHistory& history, const TransactionOptions& options,
             const TransactionJudgement& judgement) {
  Json anomalies = Json::object();
  for (std::size_t i = 0; i < kAnomalies; ++i) {
    if (judgement.counts[i] == 0) continue;
    anomalies[std::string(name(static_cast<Anomaly>(i)))] = judgement.counts[i];
  }
  Json out = {{"verdict", name(judgement.verdict)},
              {"required", name(options.required)},
              {"strongest", list_of(judgement.strongest())},
              {"not", list_of(judgement.weakest_ruled_out())},
              {"also_not", list_of(also_ruled_out(judgement))},
              {"undecided", list_of(models_of(judgement.undecided))},
              {"anomalies", std::move(anomalies)},
              {"transactions", history.size()},
              {"keys", history.key_count()},
              {"edges", judgement.edges},
              {"components", judgement.components},
              {"real_time", history.knows_real_time()}};
  if (!judgement.exhausted.empty()) out["exhausted"] = judgement.exhausted;
  Json cases = Json::array();
  for (const AnomalyCase& one : judgement.cases) cases.push_back(case_json(history, one));
  out["cases"] = std::move(cases);
  return out;
}

}  // namespace synchrodb::check
