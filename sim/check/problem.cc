#include "sim/check/problem.h"

#include "sim/check/assert.h"

namespace synchrodb::check {

Value initial_value(const Options& options) {
  if (options.model == Model::kMutex) return Value::integer(0);
  if (options.initial && !options.initial->is_none()) return *options.initial;
  const bool zero = options.dialect == Dialect::kKnossos && options.model != Model::kKeyValue;
  return zero ? Value::integer(0) : Value::absent();
}

Standing standing(const Operation& operation, const Options& options) {
  switch (operation.outcome) {
    case Outcome::kOk:
      return Standing::kHappened;
    case Outcome::kInfo:
      return operation.function == Function::kRead ? Standing::kIgnored : Standing::kMaybe;
    case Outcome::kRefused:
      return Standing::kIgnored;
    case Outcome::kFail:
      break;
  }
  const bool observed =
      operation.function == Function::kCas && options.dialect == Dialect::kJepsenLog;
  return observed ? Standing::kRefutedCas : Standing::kIgnored;
}

namespace {

// A length or count that a result may carry; kAnyLength for nothing.
std::uint32_t length_result(Value result) {
  if (!result.is_integer() || result.number() < 0 || result.number() >= kAnyLength) {
    return result.is_integer() ? kAnyLength - 1 : kAnyLength;
  }
  return static_cast<std::uint32_t>(result.number());
}

void make_delete(const Operation& operation, bool happened, Step* step) {
  step->action = Action::kWrite;
  step->b = kAbsentState;
  if (!happened || !operation.result.is_integer()) return;
  step->action = operation.result.number() == 0 ? Action::kRead : Action::kReplace;
  step->a = kAbsentState;
}

// Whether the answer still counts. That of an append always does: if the append took effect, then
// with that answer.
bool survives(const Operation& operation, std::size_t position, const Relaxation* relaxation) {
  if (relaxation == nullptr || operation.function == Function::kAppend) return true;
  return relaxation->keep[position] && operation.complete_order < relaxation->horizon;
}

// The string that an answered operation saw.
Value text_or_read(const Operation& operation) {
  const bool append = operation.function == Function::kAppend;
  const bool reads = operation.function == Function::kRead || operation.function == Function::kCas;
  if (reads || (append && operation.result.is_text())) return operation.result;
  return Value();
}

}  // namespace

void Problem::choose_space(const History& history, const Options& options,
                           std::span<const OperationId> operations, const Relaxation* relaxation) {
  bool appends = false;
  bool adds = false;
  bool lengths = false;
  for (const OperationId id : operations) {
    const Operation& operation = history[id];
    if (operation.function == Function::kAppend) {
      appends = true;
      lengths |= operation.result.is_integer();
    }
    adds |= operation.function == Function::kIncrement;
  }
  const bool key_value = options.model == Model::kKeyValue;
  const bool trie = appends && !adds;
  space.reset(history, trie, key_value && !trie, lengths);
  if (!trie) return;
  space.observe(initial_value(options));
  for (std::size_t position = 0; position < operations.size(); ++position) {
    const Operation& operation = history[operations[position]];
    const Standing stands = standing(operation, options);
    if (stands == Standing::kIgnored) continue;
    const bool answered = stands != Standing::kMaybe && survives(operation, position, relaxation);
    const bool may_happen = stands != Standing::kRefutedCas;
    if (operation.function == Function::kCas && (answered || may_happen)) {
      space.observe(operation.expected);
    }
    // Of an append the result is the whole string; of a cas, what refuted it.
    if (answered) space.observe(text_or_read(operation));
  }
}

bool Problem::make_step(const Operation& operation, const Options& options, Step* step) {
  const Standing stands = standing(operation, options);
  if (stands == Standing::kIgnored) return false;
  const bool happened = stands == Standing::kHappened;
  step->mandatory = stands != Standing::kMaybe;
  step->invoke = operation.invoke_order;
  step->complete = step->mandatory ? operation.complete_order : kNeverCompleted;
  switch (operation.function) {
    case Function::kRead: {
      const bool blind = operation.result.is_none() ||
                         (operation.result.is_absent() && options.dialect == Dialect::kKnossos);
      step->action = Action::kRead;
      step->a = space.state_of(operation.result);
      return !blind;
    }
    case Function::kWrite:
      step->action = Action::kWrite;
      step->b = space.state_of(operation.argument);
      return true;
    case Function::kCas:
      step->a = space.state_of(operation.expected);
      step->action = Action::kCas;
      step->b = space.state_of(operation.argument);
      if (stands != Standing::kRefutedCas) return true;
      step->action = Action::kDiffers;
      step->b = 0;
      if (operation.result.is_none()) return true;
      // It told what it saw; a cas that failed although it saw what it expected explains itself
      // in no state.
      step->action = Action::kRead;
      step->a = space.state_of(operation.result) == step->a ? kAnyState
                                                            : space.state_of(operation.result);
      return true;
    case Function::kAppend:
      step->action = Action::kAppend;
      step->b = space.appended(operation.argument);
      if (!happened) return true;
      if (operation.result.is_text()) step->a = space.state_of(operation.result);
      if (operation.result.is_integer()) step->length = length_result(operation.result);
      return true;
    case Function::kIncrement:
      step->action = Action::kAdd;
      step->b =
          static_cast<State>(operation.argument.is_integer() ? operation.argument.number() : 1);
      if (happened && !operation.result.is_none()) step->a = space.state_of(operation.result);
      return true;
    case Function::kDelete:
      make_delete(operation, happened, step);
      return true;
    case Function::kAcquire:
    case Function::kRelease: {
      const bool acquire = operation.function == Function::kAcquire;
      step->action = Action::kCas;
      step->a = space.state_of(Value::integer(acquire ? 0 : 1));
      step->b = space.state_of(Value::integer(acquire ? 1 : 0));
      return true;
    }
  }
  return false;
}

void Problem::compile(const History& history, const Options& options,
                      std::span<const OperationId> operations,
                      std::span<const std::uint32_t> key_events, const Relaxation* relaxation) {
  steps.clear();
  events.clear();
  mandatory = 0;
  choose_space(history, options, operations, relaxation);
  // In a trie even a value that nobody saw is the beginning of others.
  general = space.is_trie();
  initial = space.state_of(initial_value(options));
  step_of_.assign(operations.size(), 0);
  const EventOrder horizon = relaxation == nullptr ? kNeverCompleted : relaxation->horizon;
  for (std::size_t position = 0; position < operations.size(); ++position) {
    const Operation& operation = history[operations[position]];
    if (operation.invoke_order >= horizon) break;
    if (relaxation != nullptr && operation.complete_order < relaxation->cut) continue;
    const bool keep = relaxation == nullptr || relaxation->keep[position];
    Step step;
    step.id = operations[position];
    if (!make_step(operation, options, &step)) continue;
    const bool late = step.complete >= horizon;
    if (step.mandatory && (!keep || late)) {
      if (step.observes_only()) continue;
      step.mandatory = false;
      step.complete = kNeverCompleted;
    }
    if (!keep) step.invoke = 0;
    steps.push_back(step);
    step_of_[position] = static_cast<std::uint32_t>(steps.size());
    if (step.action != Action::kRead && step.action != Action::kWrite &&
        step.action != Action::kCas) {
      general = true;
    }
  }
  if (!general) drop_unobservable();
  if (relaxation != nullptr) {
    // Freed operations are there from the start.
    for (std::size_t position = 0; position < operations.size(); ++position) {
      if (step_of_[position] != 0 && !relaxation->keep[position]) {
        events.push_back(2 * (step_of_[position] - 1));
      }
    }
  }
  for (const std::uint32_t event : key_events) {
    const std::uint32_t slot = step_of_[event / 2];
    if (slot == 0) continue;
    const bool completion = (event & 1) != 0;
    if (completion) {
      if (!steps[slot - 1].mandatory) continue;
      ++mandatory;
    } else if (relaxation != nullptr && !relaxation->keep[event / 2]) {
      continue;
    }
    events.push_back(2 * (slot - 1) + (completion ? 1 : 0));
  }
}

// A write that may never have happened and whose value nobody observes explains nothing.
void Problem::drop_unobservable() {
  observed_.assign(space.table_size(), 0);
  bool any_optional = false;
  for (const Step& step : steps) {
    any_optional |= !step.mandatory;
    if (step.action != Action::kWrite && step.a < observed_.size()) observed_[step.a] = 1;
  }
  if (!any_optional) return;
  std::uint32_t kept = 0;
  for (std::uint32_t& slot : step_of_) {
    if (slot == 0) continue;
    const Step step = steps[slot - 1];
    const bool useless = !step.mandatory && step.action != Action::kRead && !observed_[step.b];
    slot = 0;
    if (useless) continue;
    steps[kept++] = step;
    slot = kept;
  }
  steps.resize(kept);
}

}  // namespace synchrodb::check
