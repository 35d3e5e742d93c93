#include "net/client/administration.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "net/disk/hex.h"

namespace synchrodb::net::administration {
namespace {

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

GroupStatus group_of(wire::GroupStatus::Reader in) {
  GroupStatus out;
  out.group = in.getGroup();
  out.role = text_of(in.getRole());
  out.term = in.getTerm();
  out.leader = in.getLeader();
  out.commit = in.getCommit();
  out.applied = in.getApplied();
  out.first_index = in.getFirstIndex();
  out.last_index = in.getLastIndex();
  out.durable_index = in.getDurableIndex();
  out.snapshot_index = in.getSnapshotIndex();
  out.keys = in.getKeys();
  out.memory_bytes = in.getMemoryBytes();
  out.log_bytes = in.getLogBytes();
  out.recovering = in.getRecovering();
  return out;
}

NodeStatus node_of(wire::NodeStatus::Reader in) {
  NodeStatus out;
  out.node = in.getNode();
  const capnp::Data::Reader cluster = in.getCluster();
  KJ_REQUIRE(cluster.size() == out.cluster.size(), "the server's cluster id is not of 16 bytes");
  std::copy(cluster.begin(), cluster.end(), out.cluster.begin());
  out.version = text_of(in.getVersion());
  out.uptime_seconds = in.getUptimeSeconds();
  for (const auto group : in.getGroups()) out.groups.push_back(group_of(group));
  return out;
}

Member member_of(wire::Member::Reader in) {
  Member out;
  out.node = in.getNode();
  out.role = text_of(in.getRole());
  out.leader = in.getLeader();
  out.rpc = text_of(in.getRpc());
  out.resp = text_of(in.getResp());
  out.connected = in.getConnected();
  out.match_index = in.getMatchIndex();
  out.last_heard_ms = in.getLastHeardMs();
  return out;
}

capnp::Text::Reader as_text(const std::string& text) {
  return {text.c_str(), text.size()};
}

}  // namespace

std::string to_hex(const ClusterId& id) {
  return net::to_hex(std::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

Client::Client(kj::Own<kj::AsyncIoStream> stream)
    : stream_(kj::mv(stream)), connection_(*stream_), node_(nullptr) {}

kj::Promise<kj::Own<Client>> Client::connect(Dialer& dialer, const Destination& destination,
                                             const std::string& password) {
  return dialer.connect(destination).then([password](kj::Own<kj::AsyncIoStream> stream) {
    auto client = kj::heap<Client>(kj::mv(stream));
    auto done = client->authenticate(password);
    return done.then([client = kj::mv(client)]() mutable { return kj::mv(client); });
  });
}

kj::Promise<void> Client::authenticate(const std::string& password) {
  auto request = connection_.bootstrap().castAs<wire::Node>().administrationRequest();
  request.setPassword({reinterpret_cast<const kj::byte*>(password.data()), password.size()});
  return request.send().then([this](auto&& response) { node_ = response.getAdministration(); });
}

kj::Promise<NodeStatus> Client::status() {
  return node_.statusRequest().send().then(
      [](auto&& response) { return node_of(response.getStatus()); });
}

kj::Promise<std::vector<Member>> Client::members() {
  return node_.membersRequest().send().then([](auto&& response) {
    std::vector<Member> all;
    for (const auto member : response.getMembers()) all.push_back(member_of(member));
    return all;
  });
}

kj::Promise<bool> Client::add(std::uint64_t node, const std::string& rpc, bool learner,
                              kj::Duration patience) {
  auto request = node_.addRequest();
  request.setNode(node);
  request.setRpc(as_text(rpc));
  request.setLearner(learner);
  const std::int64_t milliseconds = patience / kj::MILLISECONDS;
  request.setPatienceMs(static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(milliseconds, 1, std::numeric_limits<std::uint32_t>::max())));
  return request.send().then([](auto&& response) { return response.getAlready(); });
}

kj::Promise<void> Client::remove(std::uint64_t node) {
  auto request = node_.removeRequest();
  request.setNode(node);
  return request.send().ignoreResult();
}

kj::Promise<std::uint64_t> Client::transfer_leader(std::uint64_t target) {
  auto request = node_.transferLeaderRequest();
  request.setTarget(target);
  return request.send().then([](auto&& response) { return response.getLeader(); });
}

kj::Promise<std::uint64_t> Client::take_snapshot() {
  return node_.takeSnapshotRequest().send().then(
      [](auto&& response) { return response.getIndex(); });
}

kj::Promise<SnapshotPiece> Client::read_snapshot(std::uint64_t index, std::uint64_t offset) {
  auto request = node_.readSnapshotRequest();
  request.setIndex(index);
  request.setOffset(offset);
  return request.send().then([](auto&& response) {
    const capnp::Data::Reader piece = response.getPiece();
    return SnapshotPiece{response.getIndex(), response.getTotal(),
                         std::string(reinterpret_cast<const char*>(piece.begin()), piece.size())};
  });
}

kj::Promise<std::string> Client::metrics() {
  return node_.metricsRequest().send().then(
      [](auto&& response) { return text_of(response.getText()); });
}

kj::Promise<void> Client::set_log_level(const std::string& level) {
  auto request = node_.setLogLevelRequest();
  request.setLevel(as_text(level));
  return request.send().ignoreResult();
}

kj::Promise<void> Client::set_link(std::uint64_t peer, const LinkFault& fault) {
  auto request = node_.setLinkRequest();
  request.setPeer(peer);
  auto out = request.initFault();
  out.setDrop(fault.drop);
  out.setDelayMs(fault.delay_ms);
  out.setLossPpm(fault.loss_ppm);
  return request.send().ignoreResult();
}

kj::Promise<void> Client::set_clock_offset(std::int64_t wall_ns) {
  auto request = node_.setClockOffsetRequest();
  request.setWallNs(wall_ns);
  return request.send().ignoreResult();
}

kj::Promise<void> Client::set_disk(const DiskFault& fault) {
  auto request = node_.setDiskRequest();
  auto out = request.initFault();
  out.setSyncDelayMs(fault.sync_delay_ms);
  out.setFull(fault.full);
  out.setFailSyncs(fault.fail_syncs);
  out.setLie(fault.lie);
  return request.send().ignoreResult();
}

kj::Promise<void> Client::lose_power() {
  return node_.losePowerRequest().send().ignoreResult().catch_([](kj::Exception&& exception) {
    if (exception.getType() != kj::Exception::Type::DISCONNECTED) {
      kj::throwFatalException(kj::mv(exception));
    }
  });
}

}  // namespace synchrodb::net::administration
