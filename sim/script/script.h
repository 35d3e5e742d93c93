// Clients whose operations somebody else thinks out: a script, instead of the plan's workload.
//
// The world asks the script on the event loop, never on a fiber, so that a script may be written in
// a language that knows nothing of fibers. It performs the calls with the real client library, and
// tells the script what became of each. A script that depends on nothing but what it is told, and
// on the stream that it is given, makes runs that repeat themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/client/client.h"
#include "sim/kernel/true_time.h"
#include "sim/oracle/oracle.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

// A script that does what no script may; the text says what, and what to do.
class ScriptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a client does next.
struct ScriptCall {
  enum class Kind : std::uint8_t {
    kRead,   // commands[0], read-only, with `consistency`
    kWrite,  // commands[0]
    // commands[0] are keys. Answered with their versions, which the client keeps: its next
    // transaction takes effect only if none of them has changed (WATCH).
    kWatch,
    kUnwatch,      // forgets them; answered at once
    kTransaction,  // MULTI … EXEC: one reply a command, or nil if a watched key has changed
    kRequest,      // `request`, to one node of a protocol (sim/protocol/)
  } kind = Kind::kRead;
  std::vector<std::vector<std::string>> commands;
  ReadConsistency consistency = ReadConsistency::kLinearizable;
  std::string request;
  // kRequest: the node's index, and how long the client waits for its reply.
  std::uint32_t node = 0;
  Duration timeout = seconds(1);
};

struct ScriptStep {
  enum class Kind : std::uint8_t {
    kCall,   // `client`, which must be free, makes `call`; the script is asked again at once
    kSleep,  // ask again at `until`, or when a call has completed, whatever comes first
    kWait,   // ask again when a call has completed
    kDone,   // nothing more in this phase
  } kind = Kind::kDone;
  std::uint32_t client = 0;
  ScriptCall call;
  TrueTime until;
};

class Script {
 public:
  virtual ~Script() = default;

  // Once, before anything else. Clients are numbered from 0. `random`: of the run's noise, so that
  // another future (Plan::branches) is another future of the script too.
  virtual void start(std::uint32_t clients, Stream random) = 0;
  virtual ScriptStep next(TrueTime now) = 0;
  // A client's call has ended. What it is to call next as part of the same operation; nothing: the
  // client is free.
  virtual std::optional<ScriptCall> completed(std::uint32_t client, const Outcome& outcome,
                                              TrueTime now) = 0;
  // All faults are over and every client is free: what is asked for from now on are final reads.
  virtual void final_phase(TrueTime now) = 0;
  // At the end, once: what the script holds against the run. The first one counts.
  virtual std::vector<Violation> judge() = 0;
};

}  // namespace synchrodb::sim
