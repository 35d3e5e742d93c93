// A node's RPC port with canned answers, for the tests of the command line: what it is told, it
// says on standard output, one line a call.
//
// usage: stub_node [--node N] [--port P] [--password W] [--snapshot FILE] [--member NODE=HOST:PORT]
//                  [--leaderless CALLS] [--cert PEM --key PEM] [--break CALL]
//
// The first line is "port P". --leaderless: so many calls of status know no leader. --break names a
// call that ends the process instead of answering.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "engine/wire/node.capnp.h"

namespace {

using synchrodb::wire::Administration;
using synchrodb::wire::Node;

struct Options {
  std::uint64_t node = 1;
  unsigned port = 0;
  std::string password;
  std::string snapshot = "a snapshot";
  std::map<std::uint64_t, std::string> members;
  int leaderless = 0;
  std::string certificate;
  std::string key;
  std::string broken;
};

constexpr std::size_t kPieceBytes = 1000;
constexpr std::uint64_t kSnapshotIndex = 42;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

kj::StringPtr view(const std::string& text) {
  return {text.c_str(), text.size()};
}

class StubAdministration final : public Administration::Server {
 public:
  explicit StubAdministration(Options& options) : options_(options) {}

  kj::Promise<void> status(StatusContext context) override {
    called("status");
    auto status = context.initResults().initStatus();
    status.setNode(options_.node);
    const kj::byte id[16] = {0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    status.setCluster(kj::arrayPtr(id, sizeof id));
    status.setVersion("0.1.0");
    status.setUptimeSeconds(3725);
    auto group = status.initGroups(1)[0];
    group.setGroup(1);
    const bool leads = options_.node == 1;
    group.setRole(leads ? "leader" : "follower");
    group.setTerm(7);
    group.setLeader(options_.leaderless-- > 0 ? 0 : 1);
    group.setCommit(120);
    group.setApplied(119);
    group.setFirstIndex(43);
    group.setLastIndex(121);
    group.setDurableIndex(121);
    group.setSnapshotIndex(kSnapshotIndex);
    group.setKeys(1234);
    group.setMemoryBytes(3 << 20);
    group.setLogBytes(1 << 15);
    return kj::READY_NOW;
  }

  kj::Promise<void> members(MembersContext context) override {
    called("members");
    auto members =
        context.initResults().initMembers(static_cast<unsigned>(options_.members.size()));
    unsigned i = 0;
    for (const auto& [node, rpc] : options_.members) {
      auto member = members[i++];
      member.setNode(node);
      member.setRole("voter");
      member.setLeader(node == 1);
      member.setRpc(view(rpc));
      member.setConnected(true);
      member.setMatchIndex(100 + node);
      member.setLastHeardMs(5);
    }
    return kj::READY_NOW;
  }

  kj::Promise<void> add(AddContext context) override {
    const auto in = context.getParams();
    called("add " + std::to_string(in.getNode()) + " " + in.getRpc().cStr() +
           (in.getLearner() ? " learner" : " voter"));
    KJ_REQUIRE(in.getNode() != 2, "node 2 is a member already");
    return kj::READY_NOW;
  }

  kj::Promise<void> remove(RemoveContext context) override {
    called("remove " + std::to_string(context.getParams().getNode()));
    return kj::READY_NOW;
  }

  kj::Promise<void> transferLeader(TransferLeaderContext context) override {
    const std::uint64_t target = context.getParams().getTarget();
    called("transfer-leader " + std::to_string(target));
    context.getResults().setLeader(target == 0 ? 3 : target);
    return kj::READY_NOW;
  }

  kj::Promise<void> takeSnapshot(TakeSnapshotContext context) override {
    called("snapshot");
    context.getResults().setIndex(kSnapshotIndex);
    return kj::READY_NOW;
  }

  kj::Promise<void> readSnapshot(ReadSnapshotContext context) override {
    const auto in = context.getParams();
    called("read-snapshot " + std::to_string(in.getIndex()) + " " + std::to_string(in.getOffset()));
    const std::string piece = options_.snapshot.substr(in.getOffset(), kPieceBytes);
    auto out = context.getResults();
    out.setIndex(kSnapshotIndex);
    out.setTotal(options_.snapshot.size());
    out.setPiece({reinterpret_cast<const kj::byte*>(piece.data()), piece.size()});
    return kj::READY_NOW;
  }

  kj::Promise<void> metrics(MetricsContext context) override {
    called("metrics");
    context.getResults().setText(
        "# HELP synchrodb_commands_total Commands.\n# TYPE synchrodb_commands_total counter\n"
        "synchrodb_commands_total{command=\"set it\"} 12\nsynchrodb_keys 3\n");
    return kj::READY_NOW;
  }

  kj::Promise<void> setLogLevel(SetLogLevelContext context) override {
    called(std::string("log-level ") + context.getParams().getLevel().cStr());
    return kj::READY_NOW;
  }

  kj::Promise<void> setLink(SetLinkContext context) override {
    const auto in = context.getParams();
    const auto fault = in.getFault();
    called("link " + std::to_string(in.getPeer()) + " drop " + std::to_string(fault.getDrop()) +
           " delay " + std::to_string(fault.getDelayMs()) + " loss " +
           std::to_string(fault.getLossPpm()));
    return kj::READY_NOW;
  }

  kj::Promise<void> setClockOffset(SetClockOffsetContext context) override {
    called("clock " + std::to_string(context.getParams().getWallNs()));
    return kj::READY_NOW;
  }

  kj::Promise<void> setDisk(SetDiskContext context) override {
    const auto fault = context.getParams().getFault();
    called("disk delay " + std::to_string(fault.getSyncDelayMs()) + " full " +
           std::to_string(fault.getFull()) + " fail " + std::to_string(fault.getFailSyncs()));
    return kj::READY_NOW;
  }

  kj::Promise<void> losePower(LosePowerContext) override {
    called("power");
    std::_Exit(0);
  }

 private:
  void called(const std::string& what) {
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
    if (!options_.broken.empty() && what.starts_with(options_.broken)) std::_Exit(0);
  }

  Options& options_;
};

class StubNode final : public Node::Server {
 public:
  explicit StubNode(Options& options) : options_(options) {}

  kj::Promise<void> administration(AdministrationContext context) override {
    const auto password = context.getParams().getPassword();
    const std::string given(reinterpret_cast<const char*>(password.begin()), password.size());
    KJ_REQUIRE(given == options_.password, "wrong password");
    context.getResults().setAdministration(kj::heap<StubAdministration>(options_));
    return kj::READY_NOW;
  }

 private:
  Options& options_;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--node") options.node = std::stoull(value);
    if (name == "--port") options.port = static_cast<unsigned>(std::stoul(value));
    if (name == "--password") options.password = value;
    if (name == "--snapshot") options.snapshot = contents(value);
    if (name == "--leaderless") options.leaderless = std::stoi(value);
    if (name == "--cert") options.certificate = contents(value);
    if (name == "--key") options.key = contents(value);
    if (name == "--break") options.broken = value;
    if (name == "--member") {
      const std::size_t equals = value.find('=');
      options.members[std::stoull(value.substr(0, equals))] = value.substr(equals + 1);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  auto io = kj::setupAsyncIo();
  capnp::TwoPartyServer server(kj::heap<StubNode>(options));
  auto listener = io.provider->getNetwork()
                      .parseAddress("127.0.0.1", options.port)
                      .wait(io.waitScope)
                      ->listen();
  std::printf("port %u\n", listener->getPort());
  std::fflush(stdout);
  if (!options.certificate.empty()) {
    kj::TlsContext::Options tls;
    kj::TlsKeypair pair{kj::TlsPrivateKey(view(options.key)),
                        kj::TlsCertificate(view(options.certificate))};
    tls.defaultKeypair = pair;
    kj::TlsContext context(kj::mv(tls));
    auto secured = context.wrapPort(kj::mv(listener));
    server.listen(*secured).wait(io.waitScope);
  }
  server.listen(*listener).wait(io.waitScope);
}
