// What somebody who sees everything sees of a world at one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "consensus/configuration.h"
#include "consensus/protocol.h"
#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

class Cluster;
class Kernel;

// One machine. What a process knows is zero or empty while it is down or recovers.
struct NodeView {
  std::uint32_t index = 0;  // the machine's, from 0
  NodeId id;
  bool founder = false;  // a founding member's machine: what a fault may name as its victim
  bool running = false;
  bool paused = false;
  bool serving = false;  // running, and recovered from its disk
  Role role = Role::kFollower;
  Term term;
  NodeId leader;  // whom it takes for the leader; 0: nobody
  Index commit;
  Index applied;
  Index last;
  Configuration configuration;
  Duration clock_error;  // of its wall clock, against true time
  std::uint64_t keys = 0;

  bool operator==(const NodeView&) const = default;
};

// Good for the moment in which it is handed out; looking changes nothing.
class WorldView {
 public:
  WorldView(const Kernel& kernel, const Cluster& cluster) : kernel_(kernel), cluster_(cluster) {}

  TrueTime now() const;
  // Founding members first, then the machines that stand by for membership changes.
  std::vector<NodeView> nodes() const;
  std::uint32_t size() const;
  NodeView node(std::uint32_t index) const;
  // What a node has applied, or a protocol's node in its storage: a key's value, nothing where
  // there is none or the node does not serve. `index` below size().
  std::optional<std::string> get(std::uint32_t index, const std::string& key) const;
  // Every key of a node, sorted.
  std::vector<std::string> keys(std::uint32_t index) const;

 private:
  const Kernel& kernel_;
  const Cluster& cluster_;
};

// A machine's view, with all that it has applied, sorted by key.
struct NodeContents {
  NodeView view;
  std::vector<std::pair<std::string, std::string>> values;

  bool operator==(const NodeContents&) const = default;
};

}  // namespace synchrodb::sim
