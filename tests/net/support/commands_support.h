// A server of one connection or several without sockets: what ServerCommands asks for, made up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "consensus/entry.h"
#include "engine/kv/command.h"
#include "engine/kv/glob.h"
#include "engine/kv/state_machine.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net::testing {

using Argv = std::vector<std::string>;

// One node that leads a cluster of its own, with a state machine and a few options; a test changes
// what it likes.
class FakeContext : public ServerContext {
 public:
  FakeContext();

  Instant time{1'000'000'000'000};
  std::int64_t wall = 1'700'000'000'000'000;
  ServerFacts server_facts;
  ProcessFacts process_facts;
  TrafficFacts traffic_facts;
  ClusterFacts cluster_facts;
  ReplicaFacts replica_facts;
  std::vector<std::unique_ptr<ClientState>> connections;
  std::map<std::string, std::string> options;
  StateMachine machine;
  std::vector<std::string> log;  // what was asked for: "close 2", "sleep 1500 ms" ...
  std::size_t members_holding = 0;
  bool fail = false;  // requests are answered with the error "no"

  ClientState& connect();
  Reply apply(const Request& request);

  Instant now() override { return time; }
  std::int64_t wall_us() override { return wall; }
  const ServerFacts& server() override { return server_facts; }
  ProcessFacts process() override { return process_facts; }
  TrafficFacts traffic() override { return traffic_facts; }
  ClusterFacts cluster() override { return cluster_facts; }
  ReplicaFacts replica() override { return replica_facts; }
  std::vector<ClientState*> clients() override;
  void close(ClientState& client) override { note("close " + std::to_string(client.id)); }
  bool unblock(ClientState& client, bool with_error) override;
  void pause_changed() override { note("pause changed"); }
  std::vector<std::pair<std::string, std::string>> config_get(
      const std::vector<std::string>& patterns) override;
  Result<> config_set(const std::vector<std::pair<std::string, std::string>>& pairs) override;
  Result<> config_rewrite() override { return outcome("rewrite"); }
  void reset_statistics() override { note("reset statistics"); }
  std::string password() override { return options["requirepass"]; }
  Result<> start_snapshot() override { return outcome("start snapshot"); }
  Result<> shut_down(const ShutdownRequest& request) override;
  bool abort_shutdown() override { return false; }
  void set_active_expiry(bool enabled) override {
    note(enabled ? "active expiry on" : "active expiry off");
  }
  void release_memory() override { note("release memory"); }
  Reply read(const std::vector<std::string>& argv) override { return machine.read(argv); }
  std::optional<std::size_t> wait_for_members(ClientState& client, Index index, std::size_t enough,
                                              Duration patience) override;
  void sleep(ClientState& client, Duration duration) override;
  Result<> save_snapshot() override { return outcome("save snapshot"); }

 private:
  void note(std::string what) { log.push_back(std::move(what)); }
  Result<> outcome(std::string what);
};

// What the RESP server does with a command: the reply, whether or not it is to be sent.
Reply serve(ServerCommands& commands, FakeContext& context, ClientState& client, const Argv& argv);

// On one line, as tests/data/net/record.py writes it: maps as arrays in RESP2.
std::string line_of(const Reply& reply, int resp = 2);

}  // namespace synchrodb::net::testing
