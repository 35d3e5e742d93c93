// Collects findings, and keeps as many as were asked for.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/objects/check_objects.h"

namespace synchrodb::check {

class Findings {
 public:
  Findings(const ObjectOptions& options, ObjectJudgement& judgement)
      : options_(options), judgement_(judgement) {}

  // The words are made only for examples. Convicts unless `convicts` is false.
  void add(Finding finding, const std::function<std::string()>& words, bool convicts = true) {
    if (convicts) judgement_.verdict = Verdict::kInvalid;
    std::size_t& count = judgement_.counts[static_cast<std::size_t>(finding.kind)];
    if (count++ >= options_.examples) return;
    finding.words = words();
    judgement_.findings.push_back(std::move(finding));
  }

  void count(std::string what, std::size_t number) {
    judgement_.statistics.emplace_back(std::move(what), static_cast<std::int64_t>(number));
  }

  // Nothing can be said, unless something was found.
  void give_up(std::string why) {
    if (judgement_.verdict == Verdict::kInvalid) return;
    judgement_.verdict = Verdict::kUnknown;
    judgement_.exhausted = std::move(why);
  }

 private:
  const ObjectOptions& options_;
  ObjectJudgement& judgement_;
};

void check_set(const ObjectHistory& history, const ObjectOptions& options, Findings& findings);
void check_queue(const ObjectHistory& history, Findings& findings);
void check_counter(const ObjectHistory& history, const ObjectOptions& options, Findings& findings);
void check_bank(const ObjectHistory& history, const ObjectOptions& options, Findings& findings);

// For hash tables of values.
inline std::pair<Value::Kind, std::int64_t> key_of(Value value) {
  if (value.is_text()) return {value.kind(), static_cast<std::int64_t>(value.id())};
  return {value.kind(), value.is_integer() ? value.number() : 0};
}

}  // namespace synchrodb::check
