// The real world's random numbers: seeded by the system, once.
#pragma once

#include <cstdint>
#include <random>

#include "consensus/random_stream.h"

namespace synchrodb::net {

class SeededStream final : public RandomStream {
 public:
  SeededStream() : SeededStream(std::random_device()) {}

  std::uint64_t next() override { return engine_(); }

 private:
  explicit SeededStream(std::random_device&& system)
      : engine_((std::uint64_t{system()} << 32) ^ system()) {}

  std::mt19937_64 engine_;
};

}  // namespace synchrodb::net
