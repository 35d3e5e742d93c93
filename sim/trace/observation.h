// What an onlooker may be told of a run beside the event log. Watching changes nothing: a run with
// onlookers has the same events, draws and digest as one without.
#pragma once

#include <cstdint>

namespace synchrodb::sim {

// How one machine stands at one moment.
struct NodeSample {
  std::int64_t time_ns = 0;  // true time since the start of the run
  std::int32_t node = 0;     // index
  bool running = false;      // what follows role included is 0 while it is down or recovers
  const char* role = "";     // a literal: name_of(Role); empty
  std::uint64_t term = 0;
  std::uint64_t leader = 0;  // the id of whom it takes for the leader; 0: unknown
  std::uint64_t commit = 0;  // log indexes
  std::uint64_t applied = 0;
  std::uint64_t last = 0;
  std::int64_t clock_error_ns = 0;  // wall clock minus true civil time
  std::uint64_t keys = 0;           // in its state machine
};

// A packet was handed to the network, reached its receiver, or was lost on its way.
struct MessageEvent {
  enum class Kind : std::uint8_t { kSent, kDelivered, kLost };
  Kind kind = Kind::kSent;
  std::int64_t time_ns = 0;
  std::uint64_t from = 0;  // ids; of clients from 1,001
  std::uint64_t to = 0;
  std::uint64_t number = 0;  // of its link's packets; a duplicate has the number of its original
  const char* type = "";     // a literal: name_of(Message), "Request", "Reply"; empty: unreadable
  const char* why = "";      // kLost: "loss", "partition" …
};

}  // namespace synchrodb::sim
