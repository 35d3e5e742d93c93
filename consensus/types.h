// Ids, instants and durations as distinct types: a term cannot be passed for an index.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace synchrodb {

// A 64-bit id of kind `Tag`. Zero means "none" wherever a field may be empty.
template <class Tag>
struct Id {
  std::uint64_t value = 0;

  constexpr auto operator<=>(const Id&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
  constexpr Id next() const { return Id{value + 1}; }
  constexpr Id previous() const { return Id{value - 1}; }
};

using NodeId = Id<struct NodeIdTag>;    // never reused: a wiped machine comes back under a new one
using GroupId = Id<struct GroupIdTag>;  // one Raft group
using Term = Id<struct TermTag>;
using Index = Id<struct IndexTag>;    // position in a group's log; the first entry is 1
using IoId = Id<struct IoIdTag>;      // durability watermark, one sequence a node
using ReadId = Id<struct ReadIdTag>;  // a linearizable read in progress, unique within a replica
using SessionId =
    Id<struct SessionIdTag>;  // a client session; the index of the entry that opened it

// A signed span of time in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
};

constexpr Duration nanoseconds(std::int64_t n) {
  return {n};
}
constexpr Duration microseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}
constexpr Duration operator+(Duration a, Duration b) {
  return {a.ns + b.ns};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.ns - b.ns};
}
constexpr Duration operator*(Duration a, std::int64_t k) {
  return {a.ns * k};
}
constexpr Duration operator/(Duration a, std::int64_t k) {
  return {a.ns / k};
}

// A reading of one node's monotonic clock. Readings of two nodes must not be compared.
struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
};
inline constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

constexpr Instant operator+(Instant t, Duration d) {
  return t == kNever ? kNever : Instant{t.ns + d.ns};
}
constexpr Instant operator-(Instant t, Duration d) {
  return {t.ns - d.ns};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.ns - b.ns};
}

// Civil time: nanoseconds since the Unix epoch.
struct WallTime {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
};
constexpr WallTime operator+(WallTime t, Duration d) {
  return {t.ns + d.ns};
}
constexpr Duration operator-(WallTime a, WallTime b) {
  return {a.ns - b.ns};
}

// An interval that claims to contain civil time (Spanner's TrueTime; LeaseGuard, arXiv 2512.15659).
// `synchronised` false: the clock makes no claim, and leases must not be built on it.
struct WallInterval {
  WallTime earliest;
  WallTime latest;
  bool synchronised = false;
  constexpr bool operator==(const WallInterval&) const = default;
};

// What a node's clocks say at the moment of an input.
struct Now {
  Instant mono;
  WallInterval wall;
};

}  // namespace synchrodb
