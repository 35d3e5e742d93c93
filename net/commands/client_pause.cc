#include "net/commands/client_pause.h"

#include <algorithm>

#include "engine/kv/command_table.h"

namespace synchrodb::net {

void ClientPause::pause(PauseMode mode, Instant until, Instant now) {
  if (active_ && now < until_) {
    mode_ = std::max(mode_, mode);
    until_ = std::max(until_, until);
    return;
  }
  active_ = true;
  mode_ = mode;
  until_ = until;
}

std::optional<Instant> ClientPause::postponed(const Session& session,
                                              const std::vector<std::string>& argv, Instant now) {
  if (!active_) return std::nullopt;
  if (now >= until_) {
    active_ = false;
    return std::nullopt;
  }
  const CommandSpec* command = argv.empty() ? nullptr : find_command(argv[0]);
  if (command != nullptr && !command->accepts(argv.size())) return std::nullopt;
  if (mode_ == PauseMode::kAll) return until_;
  const bool writes = command != nullptr && (command->has(kWrite) ||
                                             (command->name == "exec" && session.queued_writes()));
  return writes ? std::optional(until_) : std::nullopt;
}

}  // namespace synchrodb::net
