// What a state machine's commands found, for people who look after it: no part of the state.
#pragma once

#include <cstdint>

namespace synchrodb {

// Counted since the machine was made; a snapshot that replaces its state changes nothing here.
struct KeyStatistics {
  // Keys that commands which only read asked for, and that were there or not. A node counts what it
  // evaluates itself: the reads of its own clients and of those that ask it to read for them, and
  // what transactions in the log read. Commands that write count neither, as in Redis.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  // Keys that were removed because their time had come.
  std::uint64_t expired = 0;
};

}  // namespace synchrodb
