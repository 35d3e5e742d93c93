// What the nodes of a world do, thought out by somebody else: a protocol in another language.
//
// Each callback runs on the event loop, never on a fiber, to completion, and says what is to
// happen: its effects, carried out in their order. One node handles one thing at a time: while a
// sync takes its time, what arrives waits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "consensus/types.h"
#include "engine/env/result.h"
#include "sim/plan.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

struct ProtocolEffect {
  enum class Kind : std::uint8_t {
    kSend,      // `bytes` to node `to`: may be lost, repeated, reordered
    kReply,     // `bytes` to the client whose request is `request`
    kSetTimer,  // timer `name` fires `after` from now on the node's clock; replaces an earlier one
    kCancelTimer,  // timer `name`
    kPersist,      // `name` -> `bytes` in the node's storage; durable after a sync
    kErase,        // `name` from it; likewise
    kSync,         // what follows waits until the storage is durable
  } kind = Kind::kSend;
  std::uint32_t to = 0;
  std::uint64_t request = 0;
  std::string name;
  std::string bytes;
  Duration after;
};
using ProtocolEffects = std::vector<ProtocolEffect>;

using ProtocolContents = std::map<std::string, std::string>;

// When something happens to a node, by its own clocks.
struct ProtocolMoment {
  std::uint32_t node = 0;
  Instant now;    // monotonic
  WallTime wall;  // civil time, as far as the node knows
};

class Behaviour {
 public:
  virtual ~Behaviour() = default;

  // A process begins. `first`: the machine never ran before; else `contents` is what it finds in
  // its storage, durable from now on. `random`: the node's, for this life.
  virtual ProtocolEffects started(const ProtocolMoment& at, const ProtocolContents& contents,
                                  bool first, Stream random) = 0;
  virtual ProtocolEffects message(const ProtocolMoment& at, std::uint32_t from,
                                  const std::string& bytes) = 0;
  virtual ProtocolEffects timer(const ProtocolMoment& at, const std::string& name) = 0;
  // A client asks; a reply names `request`. One that never comes makes the client time out.
  virtual ProtocolEffects request(const ProtocolMoment& at, std::uint64_t request,
                                  const std::string& bytes) = 0;
  // What a message is called by whoever looks on. Unlike the others it may be called on a fiber,
  // and only if somebody looks on.
  virtual std::string name_of(const std::string& bytes) const {
    static_cast<void>(bytes);
    return "message";
  }
  // The process is gone, with all that it kept in memory.
  virtual void stopped(std::uint32_t node) = 0;
};

// Whether a fault makes sense for a protocol that the simulator knows nothing of: it has no leader,
// no members that come and go, no log; and nothing mends its storage.
bool suits_protocols(const FaultAction& action);
// An error names the first fault of a valid plan that does not, and why.
Result<> validate_for_protocol(const Plan& plan);

}  // namespace synchrodb::sim
