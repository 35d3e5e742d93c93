#include "net/server/administration_service.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

#include "engine/env/sync.h"
#include "net/config/host_port.h"
#include "net/log/log.h"
#include "net/loop/in_fiber.h"
#include "net/loop/refusal.h"
#include "net/server/standing.h"

namespace synchrodb::net {
namespace {

constexpr Duration kSettlePatience = seconds(5);
constexpr Duration kChangePatience = seconds(15);
constexpr Duration kAddPatience = seconds(60);  // of an operator who does not say
constexpr Duration kLook = milliseconds(50);
constexpr Duration kTransferPatience = seconds(5);
// What the leader's and the target's word need, and an election between them.
constexpr Duration kTransferSlack = milliseconds(500);
constexpr Duration kStandingPatience = milliseconds(500);
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

Client AdministrationService::make_client(Duration patience,
                                          std::optional<Duration> of_an_attempt) const {
  ClientOptions options;
  options.group = kOnlyGroup;
  options.call_timeout = patience;
  options.attempt_timeout = of_an_attempt.value_or(options.attempt_timeout);
  return Client(parts_.clock, parts_.loop, parts_.transport, parts_.random, options,
                {parts_.identity.node});
}

const Replica& AdministrationService::replica() const {
  const Replica* replica = parts_.replica();
  require(replica != nullptr, "the node is recovering: try again in a moment");
  return *replica;
}

const Configuration& AdministrationService::configuration() const {
  return replica().protocol().configuration();
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
  const Protocol& protocol = replica().protocol();
  const Configuration& configuration = protocol.configuration();
  const NodeId leader = protocol.status().leader;
  const std::vector<PeerStatus> peers = protocol.peers();
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
    if (self && node == leader) out[i].setMatchIndex(protocol.status().durable.value);
  }
  return kj::READY_NOW;
}

// A change must not be asked for twice, so an attempt may take as long as the call: where disks are
// slow, it takes seconds.
void AdministrationService::change(const ConfigurationChange& change,
                                   const std::string& what) const {
  const Outcome outcome = make_client(kChangePatience, kChangePatience).change(change);
  switch (outcome.kind) {
    case Outcome::Kind::kOk:
      return;
    case Outcome::Kind::kFailed:
      refuse(what + " failed, and that changed nothing: " +
             (outcome.why.empty() ? "no leader was found" : outcome.why));
    case Outcome::Kind::kUnknown:
      refuse("whether " + what +
             " has taken effect, or will, is unknown: the leader has not said so in time. Look at "
             "`cluster members`; to ask again does no harm");
  }
}

// Brings this node up to all changes that had taken effect before, and waits for those under way:
// what it then takes for the members, the cluster does.
void AdministrationService::settle() const {
  require(catch_up(kSettlePatience),
          "nothing was changed: this node reaches no leader that a majority follows, or is far "
          "behind it");
  const Index last = replica().protocol().status().last;
  const Instant deadline = monotonic_now() + kSettlePatience;
  while (replica().protocol().status().applied < last || configuration().joint()) {
    require(monotonic_now() < deadline,
            "nothing was changed: an earlier change is still under way. Look at `cluster members`");
    sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
  }
}

// An operator who asks again has what he wants; one who wants something else is not told that he
// has.
void AdministrationService::refuse_another(NodeId voter, const std::string& rpc,
                                           bool learner) const {
  const std::string is = "node " + std::to_string(voter.value) + " is a voter already";
  if (learner) {
    refuse(is + ", and a voter does not become a learner: nothing was changed");
  }
  const std::string known = rpc_address(voter);
  if (known != rpc) refuse(is + ", at " + known + " and not at " + rpc + ": nothing was changed");
}

std::string AdministrationService::rpc_address(NodeId node) const {
  if (node == parts_.identity.node) return to_string(advertised_rpc(parts_.options()));
  const NodeAddress* address = parts_.book.find(node);
  return address != nullptr ? address->rpc : "an address that this node does not know";
}

// A learner that lags would hold commits up as a voter (thesis 4.2.1).
void AdministrationService::await_caught_up(NodeId node, Instant deadline) const {
  const std::string name = "node " + std::to_string(node.value);
  bool seen = false;
  while (true) {
    const std::string lack = what_it_lacks(parts_, node);
    const bool member = configuration().contains(node);
    if (seen && !member) refuse(name + " was removed while it was to catch up");
    seen = member;  // a follower hears of the learner a little later than the leader
    if (lack.empty() && member) return;
    if (monotonic_now() >= deadline) {
      refuse(name + " is a learner, and not as far as the leader: " +
             (lack.empty() ? "this node is not, either" : lack) +
             ". It stays a learner; to ask again goes on waiting for it");
    }
    sleep_until(parts_.loop, monotonic_now() + kLook);
  }
}

bool AdministrationService::add_member(NodeId node, const std::string& rpc, bool learner,
                                       Duration patience) const {
  // The rest is for the answer: the operator is to read it.
  const Instant deadline = monotonic_now() + patience * 3 / 4;
  settle();
  if (configuration().is_voter(node)) {
    refuse_another(node, rpc, learner);
    return true;
  }
  if (parts_.transport.learn({NodeAddress{node, rpc, "", 0}})) parts_.addresses_changed();
  const std::string name = "node " + std::to_string(node.value);
  const bool known = configuration().contains(node);
  if (!known) change({{}, {node}, {}}, "adding " + name + " as a learner");
  if (learner) return known;
  await_caught_up(node, deadline);
  if (configuration().is_voter(node)) return false;  // somebody else has asked for it, too
  change({{node}, {}, {}}, "making a voter of " + name + ", a learner,");
  return false;
}

kj::Promise<void> AdministrationService::add(AddContext context) {
  const auto params = context.getParams();
  const NodeId node{params.getNode()};
  const std::string rpc = params.getRpc();
  const bool learner = params.getLearner();
  const Duration patience =
      params.getPatienceMs() > 0 ? milliseconds(params.getPatienceMs()) : kAddPatience;
  return in_fiber([this, node, rpc, learner, patience, context]() mutable {
    require(static_cast<bool>(node), "0 is no node");
    const Result<HostPort> sound = parse_host_port(rpc);
    if (!sound) refuse(sound.error().message);
    context.getResults().setAlready(add_member(node, rpc, learner, patience));
  });
}

kj::Promise<void> AdministrationService::remove(RemoveContext context) {
  const NodeId node{context.getParams().getNode()};
  return in_fiber([this, node] {
    settle();
    const std::string name = "node " + std::to_string(node.value);
    if (!configuration().contains(node)) {
      refuse(name + " is no member of the cluster: nothing was changed");
    }
    if (configuration().voters == std::vector<NodeId>{node}) {
      refuse(name + " is the only voter, and a cluster needs one: nothing was changed");
    }
    change({{}, {}, {node}}, "removing " + name);
    parts_.transport.forget(node);
  });
}

NodeId AdministrationService::leader() const {
  return replica().protocol().status().leader;
}

void AdministrationService::ask_for_transfer(NodeId target) const {
  if (target && catch_up(kFreshnessPatience) && !configuration().is_voter(target)) {
    refuse("node " + std::to_string(target.value) +
           " is no voter, and cannot lead: nothing was changed");
  }
  const Outcome outcome = make_client(kTransferPatience).transfer(target);
  // Unknown: whether somebody takes over will show.
  require(outcome.kind != Outcome::Kind::kFailed,
          "no leader was found, or it has nobody to hand over to");
}

// Why `target` does not lead, although the leader was to hand over to it; 0: to anybody.
std::string AdministrationService::why_not_taken_over(NodeId target) const {
  const NodeId now = leader();
  if (!now) return "nobody has taken over yet: `cluster status` shows who will";
  const std::string still = "node " + std::to_string(now.value) + " leads, and ";
  if (!target) return still + "nobody has taken over from it";
  const std::string lack = what_it_lacks(parts_, target);
  return still + "node " + std::to_string(target.value) +
         " has not taken over: " + (lack.empty() ? "it was not elected in time; ask again" : lack);
}

// A leader gives up after an election timeout, if the other has not all that it has by then.
bool AdministrationService::given_up(NodeId former, NodeId target, Instant asked) const {
  const Duration timeout = milliseconds(parts_.options().consensus.election_timeout_ms);
  if (!target || leader() != former || monotonic_now() < asked + timeout + kTransferSlack) {
    return false;
  }
  const std::optional<Standing> standing = ask_standing(parts_, target, kStandingPatience);
  return standing && standing->leader == former;
}

// Only the leader knows who could follow it at once: without a target, it chooses.
kj::Promise<void> AdministrationService::transferLeader(TransferLeaderContext context) {
  const NodeId target{context.getParams().getTarget()};
  return in_fiber([this, target, context]() mutable {
    const NodeId former = leader();
    ask_for_transfer(target);
    const auto done = [target, former](NodeId now) {
      return target ? now == target : now && now != former;
    };
    const Instant asked = monotonic_now();
    while (!done(leader())) {
      const bool late = monotonic_now() >= asked + kTransferPatience;
      if (late || given_up(former, target, asked)) refuse(why_not_taken_over(target));
      sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
    }
    context.getResults().setLeader(leader().value);
  });
}

// True: this node has applied whatever was acknowledged before.
bool AdministrationService::catch_up(Duration patience) const {
  const Instant deadline = monotonic_now() + patience;
  const Outcome fresh = make_client(patience).read({"DBSIZE"}, ReadConsistency::kLinearizable);
  if (fresh.kind != Outcome::Kind::kOk) return false;
  while (replica().state_machine().applied() < fresh.index) {
    if (monotonic_now() >= deadline) return false;
    sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
  }
  return true;
}

// So that a snapshot holds whatever was acknowledged before it was asked for, on a follower too.
// Without a leader, what this node has is the best there is.
kj::Promise<void> AdministrationService::takeSnapshot(TakeSnapshotContext context) {
  return in_fiber([this, context]() mutable {
    Replica* replica = parts_.replica();
    require(replica != nullptr, "the node is recovering: try again in a moment");
    if (!catch_up(kFreshnessPatience)) {
      log_event(LogLevel::kWarning, "administration",
                "a snapshot is taken of what this node has; the leader may have more");
    }
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
  if (!set) refuse(set.error().message);
  return kj::READY_NOW;
}

// ---- Injected faults ---------------------------------------------------------------------------

void AdministrationService::require_fault_injection() const {
  require(parts_.options().testing.enable_fault_injection,
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
  require(parts_.faulty != nullptr, "this server keeps nothing on a disk");
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
