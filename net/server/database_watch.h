// The watches of a node's clients: each a fiber that tells one client of the changes which the
// node's history remembers.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/wire/database.capnp.h"
#include "net/server/database_requests.h"
#include "net/server/database_service.h"

namespace synchrodb::net {

inline constexpr std::size_t kMaxWatches = 1024;
inline constexpr std::size_t kMaxWatchesPerConnection = 64;

class Watching;

class WatchRegistry {
 public:
  explicit WatchRegistry(const DatabaseParts& parts);
  ~WatchRegistry();

  std::size_t size() const { return count_; }
  bool full() const { return count_ >= kMaxWatches || closed_; }

  // Begins to tell `watcher` of the range's changes from the entry at `begin` on. The watch ends
  // when the capability is dropped, or by the registry's decision, of which the watcher is told.
  // `ended` is called once when it is over.
  wire::Watch::Client start(KeyRange range, Index begin, wire::Watcher::Client watcher,
                            std::function<void()> ended);
  void shut_down();
  bool closed() const { return closed_; }

 private:
  friend class Watching;

  const DatabaseParts& parts_;
  std::size_t count_ = 0;
  bool closed_ = false;
  std::vector<Watching*> sleeping_;  // to be woken by the next change
};

}  // namespace synchrodb::net
