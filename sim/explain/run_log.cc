#include "sim/explain/run_log.h"

#include <cstring>
#include <utility>

namespace synchrodb::sim {

bool is_violation(const LogEntry& entry) {
  const auto* line = std::get_if<TraceLine>(&entry);
  return line != nullptr && std::strcmp(line->event, "violation") == 0;
}

void RunLog::watch(RunOptions& options) {
  options.trace_lines = [this, before = std::move(options.trace_lines)](const TraceLine& line) {
    entries_.emplace_back(line);
    if (before) before(line);
  };
  options.messages = [this, before = std::move(options.messages)](const MessageEvent& event) {
    MessageEvent kept = event;
    kept.type = words_->insert(event.type).first->c_str();
    entries_.emplace_back(kept);
    if (before) before(event);
  };
}

}  // namespace synchrodb::sim
