// A run as what happened, and what of it happened before what (Lamport 1978): the order on one
// lane, messages from lane to lane, and, for clients' operations, the order in real time that
// linearizability promises them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/explain/anomaly.h"
#include "sim/explain/run_log.h"

namespace synchrodb::sim {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Happening {
  enum class Kind : std::uint8_t { kEvent, kSent, kDelivered, kLost, kInvoked, kCompleted };

  Kind kind = Kind::kEvent;
  std::int64_t time_ns = 0;
  Lane lane = kWorld;
  Lane other = kWorld;    // of messages: the other end
  const char* name = "";  // of the event, or the message's type
  const char* note = "";  // an event's subject, or why a message was lost
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  std::uint64_t peer = 0;
  std::uint64_t extra = 0;
  std::size_t operation = kNone;  // kInvoked, kCompleted: a position in `operations`

  // What happened directly before it: positions, all smaller than its own. What is lost happens on
  // no lane.
  std::size_t previous = kNone;  // on its lane
  std::size_t sending = kNone;   // kDelivered, kLost
  std::size_t earlier = kNone;   // kInvoked, of what is wrong: in real time; see happenings_of
};

// In an order that agrees with happened-before.
struct Happenings {
  std::vector<Happening> all;
  std::vector<SeenOperation> operations;
  std::shared_ptr<const RunLog::Words> words;  // what its names point into
};

// An operation that is wrong follows in real time the last answer to another one that is, before it
// began; without one, the event that committed the most until then.
// What comes after a violation that ended the run, the end of every process, is no part of it.
Happenings happenings_of(const RunLog& log, std::vector<SeenOperation> operations);

// "n3", "client 2", "world".
std::string name_of_lane(Lane lane);

}  // namespace synchrodb::sim
