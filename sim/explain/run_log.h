// What a run told its onlookers, kept in the order in which it happened.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "sim/run.h"

namespace synchrodb::sim {

using LogEntry = std::variant<TraceLine, MessageEvent>;

// Whether it says that a property was violated, which ends the run.
bool is_violation(const LogEntry& entry);

class RunLog {
 public:
  // Lets a run fill it; it must outlive the run. Both onlookers of the event log's lines and of
  // messages that `options` has already go on being told.
  void watch(RunOptions& options);

  const std::vector<LogEntry>& entries() const { return entries_; }

  // What the types of messages in the entries point into; all other words are literals.
  using Words = std::set<std::string>;
  std::shared_ptr<const Words> words() const { return words_; }

 private:
  std::vector<LogEntry> entries_;
  std::shared_ptr<Words> words_ = std::make_shared<Words>();
};

}  // namespace synchrodb::sim
