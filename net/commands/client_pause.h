// CLIENT PAUSE: for a while, commands of all connections, or just writes, are postponed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "consensus/types.h"
#include "engine/session/session.h"

namespace synchrodb::net {

enum class PauseMode { kWrites, kAll };

class ClientPause {
 public:
  // A pause that is in force only ever grows, in time and in what it stops.
  void pause(PauseMode mode, Instant until, Instant now);
  void end() { active_ = false; }
  // False: nothing is postponed.
  bool active() const { return active_; }

  // Until when this command of a connection must wait, if it must. The pause may end earlier: ask
  // again then. What is malformed is refused without waiting.
  std::optional<Instant> postponed(const Session& session, const std::vector<std::string>& argv,
                                   Instant now);

 private:
  bool active_ = false;
  PauseMode mode_ = PauseMode::kWrites;
  Instant until_;
};

}  // namespace synchrodb::net
