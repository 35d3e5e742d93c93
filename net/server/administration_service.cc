#include "net/server/administration_service.h"

#include <kj/debug.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include "engine/env/sync.h"
#include "net/config/host_port.h"
#include "net/log/log.h"
#include "net/loop/in_fiber.h"

namespace synchrodb::net {
namespace {

// A learner that has come this close is promoted: the last few entries travel meanwhile.
constexpr std::uint64_t kCloseEnough = 64;
constexpr Duration kCatchUpPatience = seconds(60);
constexpr Duration kLook = milliseconds(50);
constexpr Duration kTransferPatience = seconds(5);
constexpr Duration kFreshnessPatience = seconds(2);

const char* role_text(const Configuration& configuration, NodeId node) {
  const auto in = [node](const std::vector<NodeId>& nodes) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  };
  if (in(configuration.voters)) return "voter";
  if (in(configuration.learners)) return "learner";
  return "leaving";
}

void fill(wire::GroupStatus::Builder out, const Replica& replica) {
  const ProtocolStatus status = replica.protocol().status();
  out.setGroup(kOnlyGroup.value);
  out.setRole(name_of(status.role));
  out.setTerm(status.term.value);
  out.setLeader(status.leader.value);
  out.setCommit(status.commit.value);
  out.setApplied(status.applied.value);
  out.setFirstIndex(status.first.value);
  out.setLastIndex(status.last.value);
  out.setDurableIndex(status.durable.value);
  out.setSnapshotIndex(replica.snapshot_index().value);
  out.setKeys(replica.state_machine().key_count());
  out.setMemoryBytes(replica.state_machine().memory_bytes());
  out.setLogBytes(status.log_bytes);
  out.setRecovering(status.recovering);
}

}  // namespace

AdministrationService::AdministrationService(const ServerParts& parts,
                                             std::function<std::string()> metrics)
    : parts_(parts), metrics_(std::move(metrics)), download_(parts) {}

kj::Promise<void> AdministrationService::in_fiber(std::function<void()> work) {
  // An operator who goes away takes the service along, but not before its fibers are done.
  auto self = std::make_shared<capnp::Capability::Client>(thisCap());
  return net::in_fiber(parts_.loop, "administration", [work = std::move(work), self] { work(); });
}

Client AdministrationService::make_client() const {
  ClientOptions options;
  options.group = kOnlyGroup;
  return Client(parts_.clock, parts_.loop, parts_.transport, parts_.random, options,
                {parts_.identity.node});
}

kj::Promise<void> AdministrationService::status(StatusContext context) {
  auto out = context.getResults().initStatus();
  out.setNode(parts_.identity.node.value);
  out.setCluster(
      capnp::Data::Reader(reinterpret_cast<const kj::byte*>(parts_.identity.cluster.data()),
                          parts_.identity.cluster.size()));
  out.setVersion(parts_.identity.software);
  out.setUptimeSeconds(static_cast<double>((monotonic_now() - parts_.started).ns) * 1e-9);
  if (const Replica* replica = parts_.replica()) fill(out.initGroups(1)[0], *replica);
  return kj::READY_NOW;
}

kj::Promise<void> AdministrationService::members(MembersContext context) {
  const Replica* replica = parts_.replica();
  KJ_REQUIRE(replica != nullptr, "the node is recovering: try again in a moment");
  const Configuration& configuration = replica->protocol().configuration();
  const NodeId leader = replica->protocol().status().leader;
  const std::vector<PeerStatus> peers = replica->protocol().peers();
  const std::vector<NodeId> nodes = configuration.members();
  auto out = context.getResults().initMembers(static_cast<unsigned>(nodes.size()));
  for (unsigned i = 0; i < out.size(); ++i) {
    const NodeId node = nodes[i];
    out[i].setNode(node.value);
    out[i].setRole(role_text(configuration, node));
    out[i].setLeader(node == leader);
    const bool self = node == parts_.identity.node;
    out[i].setConnected(self || parts_.transport.connected(node));
    if (const NodeAddress* address = parts_.book.find(node)) {
      out[i].setRpc(address->rpc);
      out[i].setResp(address->resp);
    }
    const auto peer = std::find_if(peers.begin(), peers.end(),
                                   [node](const PeerStatus& p) { return p.node == node; });
    if (peer != peers.end()) out[i].setMatchIndex(peer->match.value);
    if (self && node == leader) out[i].setMatchIndex(replica->protocol().status().durable.value);
  }
  return kj::READY_NOW;
}

void AdministrationService::change(const ConfigurationChange& change, const char* what) const {
  const Outcome outcome = make_client().change(change);
  if (outcome.kind == Outcome::Kind::kOk) return;
  const bool unknown = outcome.kind == Outcome::Kind::kUnknown;
  KJ_FAIL_REQUIRE(
      unknown ? "it may have taken effect: look at `cluster members`" : "nothing was changed", what,
      outcome.why);
}

// A learner that lags would hold commits up as a voter (thesis 4.2.1). Any node can tell: what a
// member has applied is what its own status says, but only the leader knows what it has
// acknowledged.
void AdministrationService::await_caught_up(NodeId node) const {
  const Instant deadline = monotonic_now() + kCatchUpPatience;
  while (monotonic_now() < deadline) {
    const Replica* replica = parts_.replica();
    if (replica != nullptr && replica->protocol().status().role == Role::kLeader) {
      const Index last = replica->protocol().status().last;
      for (const PeerStatus& peer : replica->protocol().peers()) {
        // However short the log is: who has acknowledged nothing may not even run.
        const bool answers = peer.match > Index{};
        if (peer.node == node && answers && peer.match.value + kCloseEnough >= last.value) return;
      }
    } else if (parts_.transport.connected(node)) {
      return;  // elsewhere we cannot see it; the leader's commit waits for it if need be
    }
    sleep_until(parts_.loop, monotonic_now() + kLook);
  }
  KJ_FAIL_REQUIRE("the new member has not caught up within a minute; it stays a learner");
}

kj::Promise<void> AdministrationService::add(AddContext context) {
  const auto params = context.getParams();
  const NodeId node{params.getNode()};
  const std::string rpc = params.getRpc();
  const bool learner = params.getLearner();
  return in_fiber([this, node, rpc, learner] {
    KJ_REQUIRE(static_cast<bool>(node), "0 is no node");
    const Result<HostPort> sound = parse_host_port(rpc);
    KJ_REQUIRE(sound.ok(), sound.error().message.c_str());
    if (parts_.transport.learn({NodeAddress{node, rpc, "", 0}})) parts_.addresses_changed();
    const Replica* replica = parts_.replica();
    KJ_REQUIRE(replica != nullptr, "the node is recovering: try again in a moment");
    if (!replica->protocol().configuration().contains(node)) {
      change({{}, {node}, {}}, "adding a learner");
    }
    if (learner) return;
    await_caught_up(node);
    if (!parts_.replica()->protocol().configuration().is_voter(node)) {
      change({{node}, {}, {}}, "promoting the learner");
    }
  });
}

kj::Promise<void> AdministrationService::remove(RemoveContext context) {
  const NodeId node{context.getParams().getNode()};
  return in_fiber([this, node] {
    change({{}, {}, {node}}, "removing a member");
    parts_.transport.forget(node);
  });
}

NodeId AdministrationService::leader() const {
  const Replica* replica = parts_.replica();
  KJ_REQUIRE(replica != nullptr, "the node is recovering: try again in a moment");
  return replica->protocol().status().leader;
}

// Only the leader knows who could follow it at once: without a target, it chooses.
kj::Promise<void> AdministrationService::transferLeader(TransferLeaderContext context) {
  const NodeId target{context.getParams().getTarget()};
  return in_fiber([this, target, context]() mutable {
    const NodeId former = leader();
    const Outcome outcome = make_client().transfer(target);
    KJ_REQUIRE(outcome.kind == Outcome::Kind::kOk,
               "no leader was found, or it has nobody to hand over to", outcome.why);
    const auto done = [target, former](NodeId now) {
      return target ? now == target : now && now != former;
    };
    const Instant deadline = monotonic_now() + kTransferPatience;
    while (!done(leader())) {
      KJ_REQUIRE(monotonic_now() < deadline, "nobody has taken over yet");
      sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
    }
    context.getResults().setLeader(leader().value);
  });
}

// So that a snapshot holds whatever was acknowledged before it was asked for, on a follower too.
// Without a leader, what this node has is the best there is.
void AdministrationService::catch_up() const {
  const Instant deadline = monotonic_now() + kFreshnessPatience;
  ClientOptions options;
  options.group = kOnlyGroup;
  options.call_timeout = kFreshnessPatience;
  Client client(parts_.clock, parts_.loop, parts_.transport, parts_.random, options,
                {parts_.identity.node});
  const Outcome fresh = client.read({"DBSIZE"}, ReadConsistency::kLinearizable);
  if (fresh.kind == Outcome::Kind::kOk) {
    while (monotonic_now() < deadline) {
      if (parts_.replica()->state_machine().applied() >= fresh.index) return;
      sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
    }
  }
  log_event(LogLevel::kWarning, "administration",
            "a snapshot is taken of what this node has; the leader may have more");
}

kj::Promise<void> AdministrationService::takeSnapshot(TakeSnapshotContext context) {
  return in_fiber([this, context]() mutable {
    Replica* replica = parts_.replica();
    KJ_REQUIRE(replica != nullptr, "the node is recovering: try again in a moment");
    catch_up();
    take_snapshot(parts_.loop, *replica);
    context.getResults().setIndex(replica->snapshot_index().value);
  });
}

kj::Promise<void> AdministrationService::readSnapshot(ReadSnapshotContext context) {
  const auto params = context.getParams();
  return in_fiber(
      [this, index = params.getIndex(), offset = params.getOffset(), context]() mutable {
        const SnapshotDownload::Piece piece = download_.read(index, offset);
        auto out = context.getResults();
        out.setIndex(piece.index);
        out.setTotal(piece.total);
        out.setPiece(capnp::Data::Reader(reinterpret_cast<const kj::byte*>(piece.bytes.data()),
                                         piece.bytes.size()));
      });
}

kj::Promise<void> AdministrationService::metrics(MetricsContext context) {
  context.getResults().setText(metrics_());
  return kj::READY_NOW;
}

kj::Promise<void> AdministrationService::setLogLevel(SetLogLevelContext context) {
  const std::string level = context.getParams().getLevel();
  const Result<> set = parts_.config.set(std::vector<std::string>{"loglevel", level});
  KJ_REQUIRE(set.ok(), set.error().message.c_str());
  return kj::READY_NOW;
}

// ---- Injected faults ---------------------------------------------------------------------------

void AdministrationService::require_fault_injection() const {
  KJ_REQUIRE(parts_.options().testing.enable_fault_injection,
             "faults are only injected into a server started with --enable-fault-injection");
}

kj::Promise<void> AdministrationService::setLink(SetLinkContext context) {
  require_fault_injection();
  const auto fault = context.getParams().getFault();
  parts_.transport.set_fault(
      NodeId{context.getParams().getPeer()},
      {fault.getDrop(), milliseconds(fault.getDelayMs()), fault.getLossPpm()});
  return kj::READY_NOW;
}

kj::Promise<void> AdministrationService::setClockOffset(SetClockOffsetContext context) {
  require_fault_injection();
  parts_.clock.set_wall_offset(nanoseconds(context.getParams().getWallNs()));
  return kj::READY_NOW;
}

kj::Promise<void> AdministrationService::setDisk(SetDiskContext context) {
  require_fault_injection();
  KJ_REQUIRE(parts_.faulty != nullptr, "this server keeps nothing on a disk");
  const auto fault = context.getParams().getFault();
  DiskFault disk;
  disk.sync_delay = milliseconds(fault.getSyncDelayMs());
  if (fault.getFull()) disk.room = 0;
  disk.fail_syncs = fault.getFailSyncs();
  disk.lie = fault.getLie();
  parts_.faulty->set_fault(disk);
  return kj::READY_NOW;
}

kj::Promise<void> AdministrationService::losePower(LosePowerContext) {
  require_fault_injection();
  kill(getpid(), SIGKILL);
  return kj::NEVER_DONE;
}

}  // namespace synchrodb::net
