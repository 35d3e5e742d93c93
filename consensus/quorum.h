// Quorums as an object: how many voters elect a leader, and how many commit an entry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/configuration.h"

namespace synchrodb {

// How large a quorum of `voters` voters is.
//
// Majorities by default. With a surplus s an election needs s voters more than a majority (at most
// all), and in exchange a commit needs only as many as are sure to meet every election quorum: n -
// e + 1 (Howard, Malkhi and Spiegelman, "Flexible Paxos", 2016). Elections keep at least a
// majority, for two of them in one term must meet as well. Reads are confirmed by commit quorums:
// these meet every quorum that could have elected a successor.
class QuorumRule {
 public:
  constexpr QuorumRule() = default;
  constexpr explicit QuorumRule(std::size_t surplus) : surplus_(surplus) {}

  constexpr std::size_t election(std::size_t voters) const {
    const std::size_t wanted = voters / 2 + 1 + surplus_;
    return wanted < voters ? wanted : voters;
  }
  constexpr std::size_t commit(std::size_t voters) const {
    return surplus_ == 0 ? voters / 2 + 1 : voters - election(voters) + 1;
  }
  // Whether configurations that differ by one voter still overlap; otherwise every change of voters
  // needs joint consensus.
  constexpr bool adjacent_configurations_overlap() const { return surplus_ == 0; }

 private:
  std::size_t surplus_ = 0;
};

// The quorums of one configuration; while joint, a quorum of each half is needed (thesis 4.3). An
// empty set of voters elects and commits nothing (bug zoo 33).
class Quorums {
 public:
  Quorums(const Configuration& configuration, QuorumRule rule)
      : configuration_(configuration), rule_(rule) {}

  // Whether those for whom granted(NodeId) holds elect a leader. Each voter counts once.
  template <class Granted>
  bool elects(Granted&& granted) const {
    return counts(configuration_.voters, rule_.election(configuration_.voters.size()), granted) &&
           (!configuration_.joint() ||
            counts(configuration_.outgoing, rule_.election(configuration_.outgoing.size()),
                   granted));
  }
  // Whether those for whom present(NodeId) holds can commit.
  template <class Present>
  bool commits(Present&& present) const {
    return counts(configuration_.voters, rule_.commit(configuration_.voters.size()), present) &&
           (!configuration_.joint() ||
            counts(configuration_.outgoing, rule_.commit(configuration_.outgoing.size()), present));
  }
  // The greatest number that a commit quorum's value_of(NodeId) reaches.
  template <class ValueOf>
  std::uint64_t committed(ValueOf&& value_of) const {
    const std::uint64_t incoming = reached(configuration_.voters, value_of);
    if (!configuration_.joint()) return incoming;
    const std::uint64_t outgoing = reached(configuration_.outgoing, value_of);
    return incoming < outgoing ? incoming : outgoing;
  }

 private:
  template <class Predicate>
  static bool counts(const std::vector<NodeId>& voters, std::size_t needed, Predicate& predicate) {
    if (voters.empty()) return false;
    std::size_t count = 0;
    for (const NodeId node : voters) count += predicate(node) ? 1 : 0;
    return count >= needed;
  }

  // The needed-th largest value: insertion sort, for there are a handful.
  template <class ValueOf>
  std::uint64_t reached(const std::vector<NodeId>& voters, ValueOf& value_of) const {
    if (voters.empty()) return 0;
    constexpr std::size_t kInline = 9;
    std::array<std::uint64_t, kInline> few;
    std::vector<std::uint64_t> many;
    std::uint64_t* values = few.data();
    if (voters.size() > kInline) {
      many.resize(voters.size());
      values = many.data();
    }
    std::size_t sorted = 0;
    for (const NodeId node : voters) {
      const std::uint64_t value = value_of(node);
      std::size_t at = sorted++;
      for (; at > 0 && values[at - 1] < value; --at) values[at] = values[at - 1];
      values[at] = value;
    }
    return values[rule_.commit(voters.size()) - 1];
  }

  const Configuration& configuration_;
  QuorumRule rule_;
};

}  // namespace synchrodb
