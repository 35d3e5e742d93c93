// What operators may ask of a node. The schema says what each call promises.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/client/client.h"
#include "engine/wire/administration.capnp.h"
#include "net/server/server_parts.h"
#include "net/server/snapshot_download.h"

namespace synchrodb::net {

class AdministrationService final : public wire::Administration::Server {
 public:
  // `metrics`: in Prometheus' text format.
  AdministrationService(const ServerParts& parts, std::function<std::string()> metrics);

 protected:
  kj::Promise<void> status(StatusContext context) override;
  kj::Promise<void> members(MembersContext context) override;
  kj::Promise<void> add(AddContext context) override;
  kj::Promise<void> remove(RemoveContext context) override;
  kj::Promise<void> transferLeader(TransferLeaderContext context) override;
  kj::Promise<void> takeSnapshot(TakeSnapshotContext context) override;
  kj::Promise<void> readSnapshot(ReadSnapshotContext context) override;
  kj::Promise<void> metrics(MetricsContext context) override;
  kj::Promise<void> setLogLevel(SetLogLevelContext context) override;
  kj::Promise<void> setLink(SetLinkContext context) override;
  kj::Promise<void> setClockOffset(SetClockOffsetContext context) override;
  kj::Promise<void> setDisk(SetDiskContext context) override;
  kj::Promise<void> losePower(LosePowerContext context) override;

 private:
  // Runs `work` in a fiber of its own; what it throws as kj::Exception is the answer.
  kj::Promise<void> in_fiber(std::function<void()> work);
  Client make_client(Duration patience, std::optional<Duration> of_an_attempt = {}) const;
  const Replica& replica() const;
  const Configuration& configuration() const;
  NodeId leader() const;
  std::string rpc_address(NodeId node) const;
  bool catch_up(Duration patience) const;

  void settle() const;
  // `what`: "adding node 4", for the operator.
  void change(const ConfigurationChange& change, const std::string& what) const;
  // True: it was one already.
  bool add_member(NodeId node, const std::string& rpc, bool learner, Duration patience) const;
  void refuse_another(NodeId voter, const std::string& rpc, bool learner) const;
  void await_caught_up(NodeId node, Instant deadline) const;

  void ask_for_transfer(NodeId target) const;
  bool given_up(NodeId former, NodeId target, Instant asked) const;
  std::string why_not_taken_over(NodeId target) const;

  void require_fault_injection() const;

  const ServerParts& parts_;
  std::function<std::string()> metrics_;
  SnapshotDownload download_;
};

}  // namespace synchrodb::net
