// What the commands about connections and the server see of the running server.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/commands/server_context.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {

class CommandContext final : public ServerContext {
 public:
  // `parts` outlives the context. `config_file`: empty if there was none.
  CommandContext(const ServerParts& parts, std::string config_file);

  Instant now() override { return monotonic_now(); }
  std::int64_t wall_us() override;

  const ServerFacts& server() override { return facts_; }
  ProcessFacts process() override;
  TrafficFacts traffic() override;
  ClusterFacts cluster() override;
  ReplicaFacts replica() override;

  std::vector<ClientState*> clients() override { return parts_.resp->clients(); }
  void close(ClientState& client) override { parts_.resp->close(client); }
  bool unblock(ClientState& client, bool with_error) override;
  void pause_changed() override {}  // connections that wait look again soon

  std::vector<std::pair<std::string, std::string>> config_get(
      const std::vector<std::string>& patterns) override;
  Result<> config_set(const std::vector<std::pair<std::string, std::string>>& pairs) override;
  Result<> config_rewrite() override;
  void reset_statistics() override;
  std::string password() override { return parts_.options().security.requirepass; }

  Result<> start_snapshot() override;
  Result<> shut_down(const ShutdownRequest& request) override;
  bool abort_shutdown() override { return false; }
  void set_active_expiry(bool) override {}  // expiry is an entry of the log: see engine/kv
  void release_memory() override;

  Reply read(const std::vector<std::string>& argv) override;
  std::optional<std::size_t> wait_for_members(ClientState& client, Index index, std::size_t enough,
                                              Duration patience) override;
  void sleep(ClientState& client, Duration duration) override;
  Result<> save_snapshot() override;

  // Called every so often: takes the rates of the last while, and notes who leads.
  void sample_rates();

 private:
  std::size_t members_with(Index index);
  // What members_with() never exceeds.
  std::size_t most_members_known() const;
  KeyStatistics key_statistics() const;  // since the node's start

  const ServerParts& parts_;
  ServerFacts facts_;
  NodeId last_leader_;
  KeyStatistics reset_at_;  // what CONFIG RESETSTAT found
  struct Sample {
    Instant at;
    std::uint64_t commands = 0;
    std::uint64_t input = 0;
    std::uint64_t output = 0;
  } last_;
  double commands_per_second_ = 0;
  double input_kib_per_second_ = 0;
  double output_kib_per_second_ = 0;
};

}  // namespace synchrodb::net
