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

// The payload of an EntryKind::kConfiguration entry.
std::string encode_configuration(const Configuration& configuration);
// Nothing if the bytes are not a configuration that could have been encoded (hostile input is
// safe): wrong length, unsorted, no voters, a node twice, more than 1,024 nodes.
std::optional<Configuration> decode_configuration(std::string_view bytes);

}  // namespace synchrodb
