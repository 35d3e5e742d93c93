#include "sim/check/check.h"

#include <array>
#include <utility>

#include "sim/check/decide.h"
#include "sim/check/minimise.h"
#include "sim/check/partition.h"

namespace synchrodb::check {
namespace {

constexpr std::array<std::string_view, 4> kModels = {"register", "cas-register", "mutex", "kv"};
constexpr std::array<std::string_view, 2> kDialects = {"knossos", "jepsen-log"};

bool knows(Model model, Function function) {
  switch (model) {
    case Model::kRegister:
      return function == Function::kRead || function == Function::kWrite;
    case Model::kCasRegister:
      return function == Function::kRead || function == Function::kWrite ||
             function == Function::kCas;
    case Model::kMutex:
      return function == Function::kAcquire || function == Function::kRelease;
    case Model::kKeyValue:
      return function != Function::kAcquire && function != Function::kRelease;
  }
  return false;
}

// The dearer one.
Algorithm later_of(Algorithm x, Algorithm y) {
  return x < y ? y : x;
}

}  // namespace

std::string_view name(Model model) {
  return kModels[static_cast<std::size_t>(model)];
}

std::optional<Model> parse_model(std::string_view word) {
  for (std::size_t i = 0; i < kModels.size(); ++i) {
    if (kModels[i] == word) return static_cast<Model>(i);
  }
  return std::nullopt;
}

std::string_view name(Dialect dialect) {
  return kDialects[static_cast<std::size_t>(dialect)];
}

std::optional<Dialect> parse_dialect(std::string_view word) {
  for (std::size_t i = 0; i < kDialects.size(); ++i) {
    if (kDialects[i] == word) return static_cast<Dialect>(i);
  }
  return std::nullopt;
}

std::string_view name(Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames = {"valid", "invalid", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view name(Algorithm algorithm) {
  constexpr std::array<std::string_view, 6> kNames = {"none",     "witness",  "zones",
                                                      "frontier", "versions", "depth-first"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::string unsupported(const History& history, Model model) {
  for (const Operation& operation : history.operations()) {
    if (knows(model, operation.function)) continue;
    return "the model " + std::string(name(model)) + " has no operation " +
           std::string(name(operation.function));
  }
  return "";
}

Judgement check(const History& history, const Options& options) {
  Judgement judgement;
  if (std::string reason = unsupported(history, options.model); !reason.empty()) {
    judgement.verdict = Verdict::kUnknown;
    judgement.exhausted = std::move(reason);
    return judgement;
  }
  const Partition partition(history);
  Decider decider;
  Problem problem;
  std::vector<OperationId>* order = options.want_order ? &judgement.order : nullptr;
  for (KeyId key = 0; key < history.key_count(); ++key) {
    const auto operations = partition.operations(key);
    if (operations.empty()) continue;
    ++judgement.keys;
    judgement.operations += operations.size();
    problem.compile(history, options, operations, partition.events(key));
    const Decision decision = decider.decide(history, problem, options, order);
    judgement.steps += decision.steps;
    judgement.witnessed += decision.algorithm == Algorithm::kWitness ? 1 : 0;
    if (decision.verdict == Verdict::kValid) {
      if (judgement.verdict == Verdict::kValid) {
        judgement.algorithm = later_of(judgement.algorithm, decision.algorithm);
      }
      continue;
    }
    if (decision.verdict == Verdict::kUnknown && judgement.verdict == Verdict::kUnknown) continue;
    judgement.verdict = decision.verdict;
    judgement.algorithm = decision.algorithm;
    judgement.key = key;
    judgement.exhausted = decision.exhausted;
    if (decision.verdict == Verdict::kUnknown) continue;
    if (options.explain) {
      judgement.contradiction =
          contradict(history, options, operations, partition.events(key), decision);
    }
    break;
  }
  if (judgement.verdict != Verdict::kValid) judgement.order.clear();
  return judgement;
}

}  // namespace synchrodb::check
