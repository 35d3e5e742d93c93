// What an onlooker may be told of a run beside the event log. Watching changes nothing: a run with
// onlookers has the same events, draws and digest as one without.
#pragma once

#include <cstdint>

namespace synchrodb::sim {

// A packet was handed to the network, reached its receiver, or was lost on its way.
struct MessageEvent {
  enum class Kind : std::uint8_t { kSent, kDelivered, kLost };
  Kind kind = Kind::kSent;
  std::int64_t time_ns = 0;
  std::uint64_t from = 0;  // ids; of clients from 1,001
  std::uint64_t to = 0;
  std::uint64_t number = 0;  // of its link's packets; a duplicate has the number of its original
  // name_of(Message), "request", "reply", of a protocol's nodes what Behaviour::name_of() says;
  // empty: unreadable. Good for as long as the run.
  const char* type = "";
  const char* why = "";  // kLost: "loss", "partition" …
};

}  // namespace synchrodb::sim
