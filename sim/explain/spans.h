// What every node was, and when: the lanes of pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/explain/happenings.h"

namespace synchrodb::sim {

// A node was one thing from `begin_ns` to `end_ns`. `role`: "leader", "follower", "candidate",
// "pre-candidate", "learner", "recovering"; of a protocol's nodes "running". `term` is 0 where
// nobody knows.
struct Span {
  Lane lane = kWorld;
  std::string role;
  std::uint64_t term = 0;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

// By node and time; none while a node is down.
std::vector<Span> spans_of(const Happenings& run);

}  // namespace synchrodb::sim
