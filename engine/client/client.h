// The client library: finds the leader, retries what is safe, applies a write exactly once through
// a session, and says `unknown` where the outcome is unknown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/random_stream.h"
#include "engine/env/clock.h"
#include "engine/env/fibers.h"
#include "engine/env/transport.h"
#include "engine/kv/command.h"

namespace synchrodb {

struct ClientOptions {
  GroupId group{1};
  // After this long without an answer a request is sent again, maybe to another node.
  Duration attempt_timeout = milliseconds(500);
  // After this long a call gives up.
  Duration call_timeout = seconds(5);
  // What a request has above a mebibyte lengthens both by the time that it takes at this speed: one
  // that is sent again before it can have arrived only delays itself.
  std::uint64_t slowest_bytes_per_second = 4 << 20;
  // What was not answered in time gets so many times the time of the attempt before: nobody knows
  // how long a commit takes, or a reply to travel.
  unsigned patience_growth = 1;
  // Whom reads and membership changes ask first, as a client that is connected to one node does; 0:
  // the leader last seen.
  NodeId preferred;
  // A node that says that it is overloaded is asked again for this long; then the call gives up, so
  // that whoever waits for it can do something better.
  Duration overload_patience = seconds(1'000'000);
  Duration backoff_min = milliseconds(5);
  Duration backoff_max = milliseconds(100);
};

// How a call ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    kOk,       // executed exactly once; `reply` may still be an error reply of the command
    kFailed,   // certainly not executed, and never will be; `reply` is an error if to ask again
               // would not help (errors::kOutOfMemory)
    kUnknown,  // executed once, or not at all, now or later
  } kind = Kind::kUnknown;
  Reply reply;
  Term term;  // kOk: the witness, see ClientReply
  Index index;
  // Of a write that was sent: its name in the log, under which it takes effect at most once.
  SessionId session = {};
  std::uint64_t sequence = 0;
  std::string why = {};  // kFailed: what the last node that refused said; may be empty
  // Not kOk: the last answer was that a node is overloaded; kFailed: that is why.
  bool overloaded = false;
};

enum class ReadConsistency : std::uint8_t { kLinearizable, kLease, kStale };

// One logical client. All calls park the calling fiber; one call at a time.
class Client {
 public:
  // References outlive the client. `nodes`: where to look for the leader.
  Client(Clock& clock, Fibers& fibers, Transport& transport, RandomStream& random,
         ClientOptions options, std::vector<NodeId> nodes);

  // A read-only command.
  Outcome read(const std::vector<std::string>& argv, ReadConsistency consistency);
  // An encoded request (engine/kv/command.h) that only reads.
  Outcome read_request(std::string payload, ReadConsistency consistency);
  // A command that may write. Opens a session first when there is none.
  Outcome write(std::vector<std::string> argv);
  // MULTI … EXEC as one log entry.
  Outcome transaction(std::vector<std::vector<std::string>> commands,
                      std::vector<WatchedKey> watched);
  // A request of any kind; its session and sequence are filled in here.
  Outcome execute(Request& request);
  // A request that carries the session and sequence of somebody else, or opens or closes a session
  // of his. Errors of that session come as error replies.
  Outcome execute_for(const Request& request);
  Outcome change(const ConfigurationChange& change);
  Outcome transfer(NodeId target);

  // Whom the next call asks first; 0: whoever's turn it is. Without this, the leader last seen.
  void begin_with(NodeId node) { leader_ = node; }
  // Other nodes to ask, after a membership change.
  void set_nodes(std::vector<NodeId> nodes) { nodes_ = std::move(nodes); }

 private:
  // What to do after an attempt whose outcome is unknown.
  enum class Repeat : std::uint8_t {
    kNotAtAll,      // it must not be sent again
    kUntilCertain,  // it takes effect once, however often it is sent
    kHarmless,      // whether it was executed does not matter
  };

  // There is a session afterwards, or the outcome says why not.
  Outcome open_session(Instant deadline);
  Outcome submit(const Request& request, Instant deadline);
  Outcome call(const ClientRequest& request, Repeat repeat, Instant deadline);
  // A failure, if the request is larger than any may be.
  static std::optional<Outcome> too_large(const std::string& payload);
  Duration extra_time(const ClientRequest& request) const;
  Result<ClientReply> attempt(NodeId node, const ClientRequest& request, Instant deadline);
  NodeId next_node(bool first, const ClientRequest& request);
  void back_off(Instant deadline);

  Clock& clock_;
  Fibers& fibers_;
  Transport& transport_;
  RandomStream& random_;
  ClientOptions options_;
  std::vector<NodeId> nodes_;
  NodeId leader_;  // 0: unknown
  std::size_t turn_ = 0;
  SessionId session_;
  std::uint64_t sequence_ = 0;
};

}  // namespace synchrodb
