#include "net/server/command_context.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <limits>

#include "engine/env/sync.h"
#include "net/config/host_port.h"
#include "net/disk/hex.h"
#include "net/resp/client_wait.h"
#include "net/server/allocator.h"

namespace synchrodb::net {
namespace {

constexpr Duration kLook = milliseconds(5);

std::string random_hex(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (getrandom(random.data(), random.size(), 0) < 0) random.assign(bytes, 'x');
  return to_hex(random);
}

std::string operating_system() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

std::string own_executable() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return length < 0 ? "" : std::string(path.data(), static_cast<std::size_t>(length));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

CommandContext::CommandContext(const ServerParts& parts, std::string config_file) : parts_(parts) {
  const ServerOptions& options = parts.options();
  facts_.version = parts.identity.software.substr(parts.identity.software.rfind(' ') + 1);
  facts_.run_id = random_hex(20);
  facts_.executable = own_executable();
  facts_.config_file = std::move(config_file);
  facts_.os = operating_system();
  facts_.process_id = getpid();
  facts_.port = resp_port(options);
  facts_.started = parts.started;
  facts_.max_clients = static_cast<std::size_t>(options.limits.maxclients);
  last_.at = parts.started;
}

std::int64_t CommandContext::wall_us() {
  const WallInterval wall = parts_.clock.wall_now();
  return stamp_reading(wall).ns / 1000;
}

ProcessFacts CommandContext::process() {
  ProcessFacts facts;
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  facts.resident_bytes = resident * page;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  facts.peak_bytes =
      std::max(static_cast<std::size_t>(usage.ru_maxrss) * 1024, facts.resident_bytes);
  facts.user_seconds = seconds_of(usage.ru_utime);
  facts.system_seconds = seconds_of(usage.ru_stime);
  facts.heap_bytes = heap_bytes();
  facts.allocator = allocator_name();
  facts.system_bytes = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * page;
  facts.memory_limit_bytes = static_cast<std::size_t>(parts_.options().limits.maxmemory_bytes);
  return facts;
}

void CommandContext::sample_rates() {
  const RespCounters& counters = parts_.resp->counters();
  const Sample now{monotonic_now(), counters.commands, counters.input_bytes, counters.output_bytes};
  const double elapsed = static_cast<double>((now.at - last_.at).ns) * 1e-9;
  const auto rate = [elapsed](std::uint64_t before, std::uint64_t after) {
    return elapsed > 0 && after >= before ? static_cast<double>(after - before) / elapsed : 0;
  };
  commands_per_second_ = rate(last_.commands, now.commands);
  input_kib_per_second_ = rate(last_.input, now.input) / 1024;
  output_kib_per_second_ = rate(last_.output, now.output) / 1024;
  last_ = now;
  if (const NodeId leader = parts_.leader()) last_leader_ = leader;
}

TrafficFacts CommandContext::traffic() {
  const RespCounters& counters = parts_.resp->counters();
  TrafficFacts facts;
  facts.connections = counters.connections;
  facts.rejected_connections = counters.rejected;
  facts.input_bytes = counters.input_bytes;
  facts.output_bytes = counters.output_bytes;
  facts.socket_reads = counters.reads;
  facts.socket_writes = counters.writes;
  const KeyStatistics keys = key_statistics();
  facts.keyspace_hits = keys.hits - reset_at_.hits;
  facts.keyspace_misses = keys.misses - reset_at_.misses;
  facts.expired_keys = keys.expired - reset_at_.expired;
  facts.snapshots = parts_.observer.counters().snapshots_taken;
  facts.commands_per_second = commands_per_second_;
  facts.input_kib_per_second = input_kib_per_second_;
  facts.output_kib_per_second = output_kib_per_second_;
  return facts;
}

KeyStatistics CommandContext::key_statistics() const {
  const Replica* replica = parts_.replica();
  return replica != nullptr ? replica->state_machine().key_statistics() : KeyStatistics();
}

ClusterFacts CommandContext::cluster() {
  ClusterFacts facts;
  facts.id = parts_.identity.cluster;
  facts.self = parts_.identity.node;
  const Replica* replica = parts_.replica();
  if (replica == nullptr) return facts;
  const Protocol& protocol = replica->protocol();
  facts.leader = protocol.status().leader;
  if (facts.leader) last_leader_ = facts.leader;
  facts.last_leader = last_leader_;
  const std::vector<PeerStatus> peers = protocol.peers();
  for (const NodeId node : protocol.configuration().members()) {
    MemberFacts member;
    member.node = node;
    member.voter = protocol.configuration().is_voter(node);
    member.connected = node == facts.self || parts_.transport.connected(node);
    if (const NodeAddress* address = parts_.book.find(node)) {
      if (const Result<HostPort> resp = parse_host_port(address->resp)) {
        member.host = resp.value().host;
        member.port = resp.value().port;
        member.tls_port = address->tls_port;
      }
      if (const Result<HostPort> rpc = parse_host_port(address->rpc)) {
        if (member.host.empty()) member.host = rpc.value().host;
        member.rpc_port = rpc.value().port;
      }
    }
    for (const PeerStatus& peer : peers) {
      if (peer.node == node) member.matched = peer.match;
    }
    facts.members.push_back(std::move(member));
  }
  return facts;
}

ReplicaFacts CommandContext::replica() {
  ReplicaFacts facts;
  const Replica* replica = parts_.replica();
  if (replica == nullptr) return facts;
  const ProtocolStatus status = replica->protocol().status();
  facts.term = status.term;
  facts.committed = status.commit;
  facts.applied = status.applied;
  facts.last = status.last;
  facts.snapshot = replica->snapshot_index();
  facts.keys = replica->state_machine().key_count();
  facts.key_bytes = replica->state_machine().memory_bytes();
  facts.log_bytes = status.log_bytes;
  facts.snapshot_in_progress = replica->snapshot_in_progress();
  facts.last_snapshot_unix = parts_.observer.last_snapshot_unix();
  facts.entries_since_snapshot = status.applied.value - facts.snapshot.value;
  return facts;
}

bool CommandContext::unblock(ClientState& client, bool with_error) {
  if (!client.blocked || client.unblocked != Unblocked::kNo) return false;
  client.unblocked = with_error ? Unblocked::kWithError : Unblocked::kAsTimedOut;
  return true;  // it looks again soon
}

std::vector<std::pair<std::string, std::string>> CommandContext::config_get(
    const std::vector<std::string>& patterns) {
  return parts_.config.get(patterns);
}

Result<> CommandContext::config_set(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> assignments;
  for (const auto& [name, value] : pairs) {
    assignments.push_back(name);
    assignments.push_back(value);
  }
  return parts_.config.set(assignments);
}

Result<> CommandContext::config_rewrite() {
  return Error{ErrorCode::kUnsupported,
               "CONFIG REWRITE is not done here: put the options into the file yourself"};
}

void CommandContext::reset_statistics() {
  parts_.resp->counters() = RespCounters();
  reset_at_ = key_statistics();
  last_ = Sample{monotonic_now(), 0, 0, 0};
}

Result<> CommandContext::start_snapshot() {
  Replica* replica = parts_.replica();
  if (replica == nullptr) return Error{ErrorCode::kUnavailable, "the node is recovering"};
  replica->request_snapshot();
  return {};
}

Result<> CommandContext::shut_down(const ShutdownRequest& request) {
  parts_.shut_down(!request.now);
  return {};
}

void CommandContext::release_memory() {
  release_unused_memory();
}

Reply CommandContext::read(const std::vector<std::string>& argv) {
  Outcome outcome = parts_.gateway.read(encode_command(argv), ReadConsistency::kLinearizable);
  if (outcome.kind == Outcome::Kind::kOk) return std::move(outcome.reply);
  return Reply::error("CLUSTERDOWN The cluster is down: no leader in time");
}

// Elsewhere than on the leader all that is known is that a majority has what is committed.
std::size_t CommandContext::most_members_known() const {
  const Replica* replica = parts_.replica();
  if (replica == nullptr || replica->protocol().status().role == Role::kLeader) {
    return std::numeric_limits<std::size_t>::max();
  }
  return replica->protocol().configuration().voters.size() / 2;
}

std::size_t CommandContext::members_with(Index index) {
  const Replica* replica = parts_.replica();
  if (replica == nullptr) return 0;
  const Protocol& protocol = replica->protocol();
  const std::vector<PeerStatus> peers = protocol.peers();
  if (!peers.empty() || protocol.status().role == Role::kLeader) {
    return static_cast<std::size_t>(std::count_if(
        peers.begin(), peers.end(), [&](const PeerStatus& p) { return p.match >= index; }));
  }
  return protocol.status().commit >= index ? most_members_known() : 0;
}

std::optional<std::size_t> CommandContext::wait_for_members(ClientState& client, Index index,
                                                            std::size_t enough, Duration patience) {
  // Who leads may change meanwhile.
  const auto sought = [&] { return std::min(enough, most_members_known()); };
  std::size_t members = members_with(index);
  if (members >= sought()) return members;
  const bool for_ever = patience == Duration{};
  const Instant deadline = for_ever ? kNever : monotonic_now() + patience;
  const BlockedClient blocked(client);
  ClientWait wait(parts_.loop, *parts_.resp, client,
                  for_ever ? kPatienceWithoutEnd : kPatienceWhenEnded);
  while (members < sought() && client.unblocked == Unblocked::kNo && monotonic_now() < deadline) {
    wait.park(std::min(deadline, monotonic_now() + kLook));
    members = members_with(index);
  }
  if (client.unblocked == Unblocked::kWithError) return std::nullopt;
  return members;
}

void CommandContext::sleep(ClientState& client, Duration duration) {
  const Instant deadline = monotonic_now() + duration;
  ClientWait wait(parts_.loop, *parts_.resp, client, kPatienceWhenEnded);
  while (monotonic_now() < deadline) wait.park(deadline);
}

Result<> CommandContext::save_snapshot() {
  Replica* replica = parts_.replica();
  if (replica == nullptr) return Error{ErrorCode::kUnavailable, "the node is recovering"};
  const Index wanted = replica->state_machine().applied();
  replica->request_snapshot();
  const Instant deadline = monotonic_now() + seconds(60);
  while (replica->snapshot_index() < wanted) {
    if (monotonic_now() > deadline) return Error{ErrorCode::kTimeout, "the snapshot takes long"};
    sleep_until(parts_.loop, monotonic_now() + milliseconds(10));
  }
  return {};
}

}  // namespace synchrodb::net
