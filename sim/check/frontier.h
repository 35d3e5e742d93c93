// Algorithm "frontier": just-in-time linearization (Lowe, Testing for Linearizability, 2017).
//
// Goes through the events in order and keeps every configuration (state, which open operations
// have taken effect) that explains the answers so far. Operations take effect only when an answer
// forces them to: when o completes, each configuration in which o has not taken effect is extended
// by open operations until it has. If none is left, the answer cannot be explained.
//
// What keeps the frontier small:
//  - an observer takes effect as soon as it is legal; that never costs anything;
//  - unanswered operations are counted by class and dropped when their value has no observer left;
//    they are used only where an open operation may notice;
//  - of identical open operations the one that completes first goes first;
//  - an open write whose value nobody will see is absorbed by the next write;
//  - an operation that would not change the state is left for later, unless the state is about to
//    change;
//  - dominated configurations are dropped (config_set.h).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/classes.h"
#include "sim/check/config_set.h"
#include "sim/check/problem.h"
#include "sim/check/search.h"

namespace synchrodb::check {

class Frontier {
 public:
  // `problem` must outlive the search and stay unchanged.
  //
  // With `unlimited`, an unanswered operation may take effect any number of times. That needs no
  // counting, so the frontier stays small; what is impossible even then is impossible, but what is
  // possible proves nothing: only kInvalid means something.
  void start(Problem& problem, std::size_t memory_limit, bool unlimited = false);
  // Goes on for about `steps` more configurations.
  Search advance(std::uint64_t steps);

  std::uint64_t steps() const { return steps_; }
  // After kInvalid: the completion that could not be explained.
  EventOrder failed_at() const { return failed_at_; }
  std::size_t largest_frontier() const { return largest_; }

 private:
  using Config = std::uint64_t*;
  struct Field {
    std::uint32_t word;
    std::uint32_t shift;
    std::uint64_t mask;
  };

  void choose_shape();
  void invoke(std::uint32_t step);
  void open_slot(std::uint32_t step);
  // Extends configurations until `step` has taken effect in all. False: out of budget, call again.
  bool complete(std::uint32_t step, std::uint64_t until);
  void begin_completion(std::uint32_t slot);
  void end_completion(std::uint32_t slot);
  void expand(const std::uint64_t* config);
  void expand_mandatory(const std::uint64_t* config);
  void expand_optional(const std::uint64_t* config);
  // Adds `config` after `step` made it `next`; `slot` is the step's, or kNoSlot with its class.
  void emit(const std::uint64_t* config, State next, std::uint32_t slot, std::uint32_t klass);
  // The same with every subset of the operations that would not change the state done before.
  void emit_with_idle(const std::uint64_t* config, State next, std::uint32_t slot,
                      std::uint32_t klass);
  void settle(Config config);
  bool wanted(const std::uint64_t* config, State state) const;
  bool done(const std::uint64_t* config, std::uint32_t slot) const {
    return (config[1 + slot / 64] >> (slot % 64) & 1) != 0;
  }
  static void set_bit(Config config, std::uint32_t slot) {
    config[1 + slot / 64] |= std::uint64_t{1} << (slot % 64);
  }
  std::uint64_t used(const std::uint64_t* config, std::uint32_t klass) const;
  void retire_classes(EventOrder now);

  // With more idle operations than this their subsets are not listed at once but step by step.
  static constexpr std::size_t kMostIdle = 6;
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};
  static constexpr std::uint32_t kNoStep = ~std::uint32_t{0};

  Problem* problem_ = nullptr;
  StepClasses classes_;
  std::vector<Field> fields_;             // by class
  std::vector<std::uint64_t> available_;  // by class: members invoked so far
  std::vector<std::uint32_t> active_;     // classes available and useful
  std::vector<std::uint32_t> slot_step_;  // step in each slot, or kNoStep
  std::vector<std::uint32_t> open_;       // slots in use
  std::vector<std::uint32_t> step_slot_;
  std::vector<std::uint64_t> observers_;   // slots in use that only observe
  std::vector<std::uint64_t> absorbable_;  // open writes whose value nobody will see
  ConfigShape shape_;
  ConfigSet frontier_;
  ConfigSet reached_;  // where the completing operation has taken effect
  ConfigSet pending_;  // where it has not yet
  std::vector<std::uint64_t> scratch_;
  std::vector<std::uint64_t> expanding_;
  std::vector<std::uint32_t> idle_;

  std::size_t event_ = 0;
  std::size_t worked_ = 0;  // configurations of pending_ already expanded
  bool completing_ = false;
  std::uint32_t target_ = kNoSlot;
  EventOrder now_ = 0;
  EventOrder failed_at_ = kNeverCompleted;
  std::uint64_t steps_ = 0;
  std::size_t memory_limit_ = 0;
  std::size_t largest_ = 0;
  bool unlimited_ = false;
};

}  // namespace synchrodb::check
