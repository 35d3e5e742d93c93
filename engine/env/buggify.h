#pragma once

namespace synchrodb {

// Named sites where the simulator may make the code take its rare path (FoundationDB's technique).
// Names, not source lines, so that plans survive edits. Always false in the real world.
class Buggify {
 public:
  virtual ~Buggify() = default;
  // `site`: a literal such as "wal.short-batch".
  virtual bool buggify(const char* site) = 0;
};

}  // namespace synchrodb
