// Where in the committed log each client command took effect.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "consensus/entry.h"
#include "consensus/types.h"

namespace synchrodb::sim {

// A command is named by its client session and its number in it. One that stands in the log more
// than once, because the client asked again, takes effect at its first place.
class CommandPlaces {
 public:
  struct Place {
    Term term;
    Index index;
  };

  // A node applied `entry`. Entries that were seen before are skipped; new ones come in order.
  void on_applied(const Entry& entry);

  // Nothing if the command is not committed.
  std::optional<Place> find(SessionId session, std::uint64_t sequence) const;

 private:
  Index seen_;
  std::map<SessionId, std::vector<Place>> places_;  // by sequence, which counts from 1
};

}  // namespace synchrodb::sim
