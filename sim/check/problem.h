// One key of a history, with model and dialect applied: what the algorithms work on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/history.h"
#include "sim/check/state_space.h"

namespace synchrodb::check {

// How to weaken a history (see Contradiction in check.h for the law).
struct Relaxation {
  // By position among the key's operations: true to keep the operation as it is. Operations that
  // are not kept may have happened once, at any time, with the answer that they got, or never;
  // observers among them vanish.
  std::vector<bool> keep;
  // Operations invoked from this event on are out. One that was open then either took effect
  // before, with the answer that it got later, or had no part in it.
  EventOrder horizon = kNeverCompleted;
  // Operations answered before this event are out: the caller lets the state be anything then.
  EventOrder cut = 0;
};

struct Problem {
  std::vector<Step> steps;
  // In order: 2 * step for an invocation, 2 * step + 1 for a completion. Completions only of
  // mandatory steps.
  std::vector<std::uint32_t> events;
  StateSpace space;
  State initial = kAbsentState;
  std::uint32_t mandatory = 0;  // steps that must have happened
  // Some step observes more than equality with one value (differs, replace, append, add), or the
  // states are a trie. Then an unread value may still matter.
  bool general = false;

  // Compiles the operations of one key. `events` are the history's event orders of this key: 2 *
  // position in `operations`, + 1 for completions, in order. Keeps its memory between calls.
  void compile(const History& history, const Options& options,
               std::span<const OperationId> operations, std::span<const std::uint32_t> key_events,
               const Relaxation* relaxation = nullptr);

 private:
  void choose_space(const History& history, const Options& options,
                    std::span<const OperationId> operations, const Relaxation* relaxation);
  // False if the operation constrains nothing and does nothing.
  bool make_step(const Operation& operation, const Options& options, Step* step);
  void drop_unobservable();

  std::vector<std::uint32_t> step_of_;  // by position: 1 + step, 0 for none
  std::vector<std::uint8_t> observed_;
};

// What the dialect makes of an operation: an answer that counts, a wish that may have been granted,
// or nothing.
enum class Standing : std::uint8_t { kIgnored, kHappened, kMaybe, kRefutedCas };
Standing standing(const Operation& operation, const Options& options);

// The state before the first operation.
Value initial_value(const Options& options);

}  // namespace synchrodb::check
