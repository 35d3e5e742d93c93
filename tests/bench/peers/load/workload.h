// Which request comes next.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/bench/peers/load/options.h"

namespace synchrodb::load {

// A key as redis-benchmark writes it, so that each reads what the other wrote: "key:" and twelve
// digits.
class Key {
 public:
  explicit Key(std::uint64_t number);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 16> text_;
};

struct Request {
  bool write = false;
  std::uint64_t key = 0;
};

// One thread's stream of requests: the same for the same options and thread.
class Workload {
 public:
  Workload(const Options& options, unsigned thread);

  // Nothing when the thread's quota is spent.
  std::optional<Request> next();
  bool spent() const { return left_ == 0; }

 private:
  std::uint64_t draw(std::uint64_t bound);  // uniform in [0, bound)

  Operation operation_;
  unsigned set_percent_;
  std::uint64_t key_space_;
  std::uint64_t stride_;
  std::uint64_t left_;
  std::uint64_t fill_at_;
  std::uint64_t random_;
};

}  // namespace synchrodb::load
