// Decides one problem with the cheapest algorithm that fits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/depth_first.h"
#include "sim/check/frontier.h"
#include "sim/check/problem.h"
#include "sim/check/versions.h"
#include "sim/check/witness.h"
#include "sim/check/zones.h"

namespace synchrodb::check {

struct Decision {
  Verdict verdict = Verdict::kUnknown;
  Algorithm algorithm = Algorithm::kNone;
  std::uint64_t steps = 0;
  const char* exhausted = "";
  // For invalid: no operation invoked after this completion matters.
  EventOrder failed_at = kNeverCompleted;
  // For invalid, where known: operations that contradict each other.
  std::vector<OperationId> certificate;
};

// Keeps its memory from one problem to the next.
class Decider {
 public:
  // `order`, if not null, gets an order for a valid problem, if one was found within the limits.
  Decision decide(const History& history, Problem& problem, const Options& options,
                  std::vector<OperationId>* order);

 private:
  bool fits(const Options& options, Algorithm algorithm) const {
    return !options.only || *options.only == algorithm;
  }
  // The polynomial algorithms. Nothing if none of them decides.
  std::optional<Decision> decide_quickly(const History& history, Problem& problem,
                                         const Options& options, std::vector<OperationId>* order);
  // The frontier with unanswered operations that may happen again and again: convicts or not.
  bool convict_cheaply(Problem& problem, const Options& options, Decision* decision);
  // Frontier and depth-first by turns, with growing slices.
  Decision search(Problem& problem, const Options& options, std::vector<OperationId>* order);
  void find_order(Problem& problem, const Limits& limits, std::vector<OperationId>* order);

  WitnessReplay witness_;
  Zones zones_;
  Versions versions_;
  Frontier frontier_;
  DepthFirst depth_first_;
};

}  // namespace synchrodb::check
