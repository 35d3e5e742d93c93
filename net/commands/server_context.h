// What the commands about connections and the server may ask of the server they run in.
//
// Everything is called on the loop's thread, from within ServerCommands::execute(). Only the
// functions of the last section may park the calling fiber.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/types.h"
#include "engine/env/result.h"
#include "engine/kv/reply.h"
#include "net/commands/client_state.h"

namespace synchrodb::net {

// Of this process; constant while it runs.
struct ServerFacts {
  std::string version;      // SynchroDB's
  std::string run_id;       // 40 hex digits, new with every start
  std::string executable;   // path
  std::string config_file;  // path; empty: none
  std::string os;           // "Linux 6.1.0 x86_64"
  std::int64_t process_id = 0;
  std::uint16_t port = 0;  // RESP
  Instant started;
  std::size_t max_clients = 0;
};

// Of this process; as it is now.
struct ProcessFacts {
  std::size_t resident_bytes = 0;
  std::size_t peak_bytes = 0;
  std::size_t heap_bytes = 0;  // in use, as far as known
  const char* allocator = "libc";
  std::size_t system_bytes = 0;
  std::size_t memory_limit_bytes = 0;  // maxmemory; 0: none
  double user_seconds = 0;
  double system_seconds = 0;
};

// Counted since the start, or since CONFIG RESETSTAT.
struct TrafficFacts {
  std::uint64_t connections = 0;
  std::uint64_t rejected_connections = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t socket_reads = 0;
  std::uint64_t socket_writes = 0;
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t snapshots = 0;
  // Of the last second.
  double commands_per_second = 0;
  double input_kib_per_second = 0;
  double output_kib_per_second = 0;
};

// A member of the cluster as this node knows it.
struct MemberFacts {
  NodeId node;
  std::string host;        // as clients reach it
  std::uint16_t port = 0;  // RESP
  std::uint16_t rpc_port = 0;
  bool voter = true;  // else: a learner
  bool connected = false;
  // Only where this node leads; else zero and nothing.
  Index matched;
  std::optional<Duration> silence;  // since it was heard
  std::uint16_t tls_port = 0;       // RESP through TLS; 0: none, or unknown. Known everywhere
};

struct ClusterFacts {
  std::string id;  // 16 bytes, the same on every node
  NodeId self;
  NodeId leader;                     // zero: unknown
  NodeId last_leader;                // the newest that was known; zero: none yet
  std::vector<MemberFacts> members;  // by node, `self` among them

  // Who is shown to clients as the master. Redis shows a failed one until it is replaced, and
  // there are clients that take a cluster without a master for broken for good.
  NodeId master() const { return leader ? leader : last_leader; }
  bool leads() const { return leader == self && static_cast<bool>(self); }
  const MemberFacts* find(NodeId node) const;  // null if it is no member
};

// This node's copy of the group.
struct ReplicaFacts {
  Term term;
  Index committed;
  Index applied;
  Index last;
  Index snapshot;
  std::size_t keys = 0;
  std::size_t expiring_keys = 0;
  std::size_t key_bytes = 0;  // memory of keys and values
  std::size_t log_bytes = 0;
  bool snapshot_in_progress = false;
  std::int64_t last_snapshot_unix = 0;  // seconds; 0: none since the start
  std::uint64_t entries_since_snapshot = 0;
};

struct ShutdownRequest {
  bool save = true;    // NOSAVE: without a snapshot
  bool now = false;    // without handing leadership over
  bool force = false;  // whatever fails
};

class ServerContext {
 public:
  virtual ~ServerContext() = default;

  // ---- Time.
  virtual Instant now() = 0;
  virtual std::int64_t wall_us() = 0;  // civil time, since 1970

  // ---- Facts.
  virtual const ServerFacts& server() = 0;
  virtual ProcessFacts process() = 0;
  virtual TrafficFacts traffic() = 0;
  virtual ClusterFacts cluster() = 0;
  virtual ReplicaFacts replica() = 0;

  // ---- Connections, by id. The pointers live until the caller parks.
  virtual std::vector<ClientState*> clients() = 0;
  // Close this connection soon: close_after_reply or close_at_once has just been set.
  virtual void close(ClientState& client) = 0;
  // Let a waiting command of it go on, as if its time were out or with "-UNBLOCKED client unblocked
  // via CLIENT UNBLOCK". False if none waits that can be let go.
  virtual bool unblock(ClientState& client, bool with_error) = 0;
  // ServerCommands::pause() has changed: look again at what is postponed.
  virtual void pause_changed() = 0;

  // ---- Options.
  // Those whose names match any of the glob patterns, each once, by name.
  virtual std::vector<std::pair<std::string, std::string>> config_get(
      const std::vector<std::string>& patterns) = 0;
  // All or none. The error's message is the reply, without its "ERR ".
  virtual Result<> config_set(const std::vector<std::pair<std::string, std::string>>& pairs) = 0;
  virtual Result<> config_rewrite() = 0;
  virtual void reset_statistics() = 0;  // what traffic() counts
  virtual std::string password() = 0;   // empty: none is asked for

  // ---- Requests.
  // Starts a snapshot of what is applied, unless one is being made; does not wait for it.
  virtual Result<> start_snapshot() = 0;
  virtual Result<> shut_down(const ShutdownRequest& request) = 0;
  // False: none is in progress.
  virtual bool abort_shutdown() = 0;
  virtual void set_active_expiry(bool enabled) = 0;
  virtual void release_memory() = 0;  // back to the system, as far as the allocator can

  // ---- May park.
  // A linearizable read of the state machine: what a client would get.
  virtual Reply read(const std::vector<std::string>& argv) = 0;
  // Both of these wait on behalf of `client`, and unwind if it goes away meanwhile.
  //
  // How many members beside the leader hold everything up to `index`, as soon as it is `enough`, or
  // when `patience` is out (without limit if that is zero), or when the client is unblocked;
  // nothing if that is to be an error. A node that does not lead knows of no more than a majority
  // of the voters, and waits for no more.
  virtual std::optional<std::size_t> wait_for_members(ClientState& client, Index index,
                                                      std::size_t enough, Duration patience) = 0;
  virtual void sleep(ClientState& client, Duration duration) = 0;
  virtual Result<> save_snapshot() = 0;  // returns when it is on disk
};

inline const MemberFacts* ClusterFacts::find(NodeId node) const {
  for (const MemberFacts& member : members) {
    if (member.node == node) return &member;
  }
  return nullptr;
}

}  // namespace synchrodb::net
