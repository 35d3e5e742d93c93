#include "sim/check/brute_force.h"

#include <optional>
#include <string>
#include <vector>

#include "sim/check/assert.h"

namespace synchrodb::check {
namespace {

// Nothing: the key does not exist.
using Content = std::optional<std::string>;

class BruteForce {
 public:
  BruteForce(const History& history, const Options& options)
      : history_(history), options_(options) {}

  bool linearizable(KeyId key) {
    pending_.clear();
    for (const Operation& operation : history_.operations()) {
      if (operation.key == key) pending_.push_back(&operation);
    }
    SYNCHRODB_CHECK_ASSERT(pending_.size() <= kBruteForceMost, "too much for brute force");
    taken_.assign(pending_.size(), false);
    return extend(start());
  }

 private:
  Content content(Value value) const {
    if (value.is_integer()) return std::to_string(value.number());
    if (value.is_text()) {
      // Where integers and strings are different things, keep them apart.
      const bool redis = options_.model == Model::kKeyValue;
      return (redis ? "" : "\"") + std::string(history_.bytes(value));
    }
    return std::nullopt;
  }

  Content start() const {
    if (options_.model == Model::kMutex) return "free";
    if (options_.initial && !options_.initial->is_none()) return content(*options_.initial);
    const bool zero = options_.dialect == Dialect::kKnossos && options_.model != Model::kKeyValue;
    return zero ? Content("0") : std::nullopt;
  }

  bool knossos() const { return options_.dialect == Dialect::kKnossos; }

  // Neither an answer nor a possible effect.
  bool irrelevant(const Operation& operation) const {
    switch (operation.outcome) {
      case Outcome::kOk:
        return false;
      case Outcome::kInfo:
        return operation.function == Function::kRead;
      case Outcome::kFail:
        return knossos() || operation.function != Function::kCas;
      case Outcome::kRefused:
        return true;
    }
    return true;
  }

  bool extend(const Content& state) {
    bool all_answered = true;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const bool answered = pending_[i]->outcome != Outcome::kInfo;
      all_answered &= taken_[i] || !answered || irrelevant(*pending_[i]);
    }
    if (all_answered) return true;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (taken_[i] || irrelevant(*pending_[i]) || !may_be_next(i)) continue;
      Content next = state;
      if (!act(*pending_[i], &next)) continue;
      taken_[i] = true;
      const bool explained = extend(next);
      taken_[i] = false;
      if (explained) return true;
    }
    return false;
  }

  // Nothing that is left was over before it began.
  bool may_be_next(std::size_t candidate) const {
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (taken_[i] || irrelevant(*pending_[i]) || pending_[i]->outcome == Outcome::kInfo) continue;
      if (pending_[i]->complete_order < pending_[candidate]->invoke_order) return false;
    }
    return true;
  }

  // Lets the operation take effect. False if its answer is impossible here.
  bool act(const Operation& operation, Content* state) const {
    const bool answered = operation.outcome == Outcome::kOk;
    const bool silent = !answered || operation.result.is_none();
    const Content before = *state;
    const Content argument = content(operation.argument);
    const Content result = content(operation.result);
    switch (operation.function) {
      case Function::kRead:
        return operation.result.is_none() || (knossos() && !result) || result == before;
      case Function::kWrite:
        *state = argument;
        return true;
      case Function::kCas: {
        const bool matches = before == content(operation.expected);
        if (operation.outcome == Outcome::kFail) {
          return !matches && (operation.result.is_none() || result == before);
        }
        *state = argument;
        return matches;
      }
      case Function::kAppend: {
        *state = before.value_or("") + argument.value_or("");
        const std::string length = std::to_string((*state)->size());
        return silent || result == (operation.result.is_text() ? *state : Content(length));
      }
      case Function::kIncrement:
        return increment(operation, state) && (silent || result == *state);
      case Function::kDelete:
        *state = Content();
        return silent || before.has_value() == (operation.result.number() != 0);
      case Function::kAcquire:
        *state = "held";
        return before == Content("free");
      case Function::kRelease:
        *state = "free";
        return before == Content("held");
    }
    return false;
  }

  static bool increment(const Operation& operation, Content* state) {
    const std::string before = state->value_or("0");
    std::int64_t number = 0;
    try {
      number = std::stoll(before);
    } catch (const std::exception&) {
      return false;
    }
    if (std::to_string(number) != before) return false;
    *state = std::to_string(number +
                            (operation.argument.is_integer() ? operation.argument.number() : 1));
    return true;
  }

  const History& history_;
  const Options& options_;
  std::vector<const Operation*> pending_;
  std::vector<bool> taken_;
};

}  // namespace

Verdict brute_force(const History& history, const Options& options) {
  BruteForce oracle(history, options);
  for (KeyId key = 0; key < history.key_count(); ++key) {
    if (!oracle.linearizable(key)) return Verdict::kInvalid;
  }
  return Verdict::kValid;
}

}  // namespace synchrodb::check
