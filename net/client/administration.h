// The operator's side of a node's RPC port: engine/wire/node.capnp and administration.capnp, with
// plain structs. For command lines (`client->status().wait(scope)`) and for fibers
// (`loop.await(client->status())`) alike.
#pragma once

#include <capnp/rpc-twoparty.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/wire/node.capnp.h"
#include "net/client/dialer.h"

namespace synchrodb::net::administration {

using ClusterId = std::array<unsigned char, 16>;
std::string to_hex(const ClusterId& id);

// What a node says of one of its groups; the fields are those of the schema.
struct GroupStatus {
  std::uint64_t group = 0;
  std::string role;
  std::uint64_t term = 0;
  std::uint64_t leader = 0;  // 0: unknown
  std::uint64_t commit = 0;
  std::uint64_t applied = 0;
  std::uint64_t first_index = 0;
  std::uint64_t last_index = 0;
  std::uint64_t durable_index = 0;
  std::uint64_t snapshot_index = 0;
  std::uint64_t keys = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t log_bytes = 0;
  bool recovering = false;
};

struct NodeStatus {
  std::uint64_t node = 0;
  ClusterId cluster{};
  std::string version;
  double uptime_seconds = 0;
  std::vector<GroupStatus> groups;
};

struct Member {
  std::uint64_t node = 0;
  std::string role;
  bool leader = false;
  std::string rpc;
  std::string resp;
  bool connected = false;
  std::uint64_t match_index = 0;  // this and the next: only where the asked node leads
  std::uint64_t last_heard_ms = 0;
};

// A piece of a snapshot.
struct SnapshotPiece {
  std::uint64_t index = 0;
  std::uint64_t total = 0;
  std::string bytes;  // empty at the end
};

struct LinkFault {
  bool drop = false;
  std::uint32_t delay_ms = 0;
  std::uint32_t loss_ppm = 0;
};

struct DiskFault {
  std::uint32_t sync_delay_ms = 0;
  bool full = false;
  bool fail_syncs = false;
  bool lie = false;
};

// One connection to one node, as an operator. Every call is rejected with a kj::Exception when it
// fails (error_of puts it into words); there is no time-out but the connection's. The client must
// outlive the promises that it gave.
class Client {
 public:
  // `password`: empty where the server has none. The dialer must outlive the promise.
  static kj::Promise<kj::Own<Client>> connect(Dialer& dialer, const Destination& destination,
                                              const std::string& password);
  explicit Client(kj::Own<kj::AsyncIoStream> stream);

  kj::Promise<NodeStatus> status();
  kj::Promise<std::vector<Member>> members();
  // True: it was one already. `patience`: how long the caller waits for that.
  kj::Promise<bool> add(std::uint64_t node, const std::string& rpc, bool learner,
                        kj::Duration patience = 60 * kj::SECONDS);
  // Its id is never to be given to another node.
  kj::Promise<void> remove(std::uint64_t node);
  kj::Promise<std::uint64_t> transfer_leader(std::uint64_t target);  // the new leader
  kj::Promise<std::uint64_t> take_snapshot();                        // its index
  kj::Promise<SnapshotPiece> read_snapshot(std::uint64_t index, std::uint64_t offset);
  kj::Promise<std::string> metrics();
  kj::Promise<void> set_log_level(const std::string& level);

  // Refused by servers without --enable-fault-injection.
  kj::Promise<void> set_link(std::uint64_t peer, const LinkFault& fault);
  kj::Promise<void> set_clock_offset(std::int64_t wall_ns);
  kj::Promise<void> set_disk(const DiskFault& fault);
  // Fulfilled when the node is gone.
  kj::Promise<void> lose_power();

 private:
  kj::Promise<void> authenticate(const std::string& password);

  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyClient connection_;
  wire::Administration::Client node_;
};

}  // namespace synchrodb::net::administration
