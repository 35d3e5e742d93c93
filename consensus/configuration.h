// Who is a member of a group: voters, learners, and during joint consensus the outgoing voters
// (Raft thesis chapter 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"

namespace synchrodb {

struct Configuration {
  std::vector<NodeId> voters;    // sorted, unique; C_new while joint
  std::vector<NodeId> outgoing;  // sorted; C_old while joint, otherwise empty
  std::vector<NodeId> learners;  // sorted; receive the log, have no vote
  bool auto_leave = true;        // joint only: the leader appends C_new once C_old,new is committed

  bool joint() const { return !outgoing.empty(); }
  bool is_voter(NodeId node) const;    // in either half
  bool is_learner(NodeId node) const;  // and in neither half a voter
  bool contains(NodeId node) const { return is_voter(node) || is_learner(node); }
  // Everybody, sorted, without repetition.
  std::vector<NodeId> members() const;

  bool operator==(const Configuration&) const = default;
};

// Sorted lists without repetition and without node 0, at least one incoming voter, no incoming
// voter that is also a learner (an outgoing one may be: a demotion), at most 1,024 nodes.
bool is_valid(const Configuration& configuration);

// The payload of an EntryKind::kConfiguration entry. The configuration must be valid.
std::string encode_configuration(const Configuration& configuration);
// Nothing if the bytes are not a configuration that could have been encoded (hostile input is
// safe): wrong length, unsorted, no voters, a node twice, more than 1,024 nodes.
std::optional<Configuration> decode_configuration(std::string_view bytes);

// The configurations of a log, oldest first: one that everything before the log stands on (of the
// snapshot, or the initial one), then one for each configuration entry. A configuration takes
// effect when appended, committed or not (thesis 4.1); truncation takes it back (bug zoo 36).
class ConfigurationHistory {
 public:
  struct Item {
    Index index;
    Configuration configuration;
  };

  // Forgets everything and starts from `configuration`, whose entry stood at `index`.
  void reset(Index index, Configuration configuration);
  void push(Index index, Configuration configuration);
  // Drops what entries after `keep` said; true if the latest configuration changed.
  bool truncate_after(Index keep);
  // Drops what no snapshot at or after `index` can need.
  void compact_to(Index index);

  const Item& latest() const { return history_.back(); }
  // The configuration in force at `index`.
  const Item& as_of(Index index) const;
  // Whether `node` has a vote in the configuration in force at `index` or in a later one.
  bool votes_since(Index index, NodeId node) const;

 private:
  std::vector<Item> history_{Item{}};
};

}  // namespace synchrodb
