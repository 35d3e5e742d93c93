// A protocol of consensus without any consensus.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/protocol.h"

namespace synchrodb::sim {

// A protocol that is whatever the test says.
class PuppetProtocol final : public Protocol {
 public:
  ProtocolStatus said;
  std::map<Index, Term> terms;  // of entries that are not of term 1
  Configuration members{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, true};

  void step(const Now&, NodeId, Message) override {}
  void timeout(const Now&) override {}
  ProposeResult propose(const Now&, std::string) override { return NotLeader{}; }
  void read(const Now&, ReadId, ReadMode) override {}
  ProposeResult change(const Now&, const ConfigurationChange&) override { return NotLeader{}; }
  bool transfer(const Now&, NodeId) override { return false; }
  void on_durable(const Now&, IoId) override {}
  void on_applied(Index) override {}
  void on_storage_fault(const Now&, const StorageFault&) override {}
  void on_snapshot_taken(const SnapshotMeta&) override {}
  void on_snapshot_staged(const Now&, const SnapshotMeta&, bool) override {}
  SnapshotMeta snapshot_meta(Index) const override { return {}; }
  ProtocolStatus status() const override { return said; }
  std::vector<PeerStatus> peers() const override { return {}; }
  std::optional<Term> term_at(Index index) const override {
    if (index > said.last) return std::nullopt;
    return terms.contains(index) ? terms.at(index) : Term{1};
  }
  const Configuration& configuration() const override { return members; }
  void drain(const Now&, Effects&) override {}
};

}  // namespace synchrodb::sim
