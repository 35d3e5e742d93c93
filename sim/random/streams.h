// Counter-based random streams (design 6.2).
//
// A stream is named by (purpose, a, b), for example ("network.delay", from, to). Its n-th draw is a
// pure function of (key, purpose, a, b, n): one more draw in the disk does not move the network,
// which is what makes "the same run without that fault" and shrinking meaningful. After Salmon et
// al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the mixing function is SplitMix64's.
// Distributions are integer-only, hence equal on every platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/hash.h"
#include "consensus/random_stream.h"
#include "consensus/types.h"

namespace synchrodb::sim {

// A stream's purpose: a name such as "network.delay", hashed at compile time when it is a literal.
struct Purpose {
  constexpr Purpose(const char* name) : Purpose(std::string_view(name)) {}  // NOLINT: implicit
  constexpr Purpose(std::string_view name) : hash(hash_of(name)) {}         // NOLINT: implicit

  static constexpr std::uint64_t hash_of(std::string_view name) {
    std::uint64_t state = name.size();
    for (const char c : name) state = hash_mix(state, static_cast<unsigned char>(c));
    return state;
  }

  std::uint64_t hash;
};

// Replaces one draw: the `counter`-th (from 0) of stream (purpose, a, b) becomes `value` (design
// 6.4).
struct Override {
  std::string purpose;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t counter = 0;
  std::uint64_t value = 0;
};

class OverrideTable;

// Which future the streams of a world draw (Streams::branch); 0 until then.
struct Future {
  std::uint64_t key = 0;
};

class Stream final : public RandomStream {
 public:
  // Prefer Streams::stream(). `key` should be well mixed.
  explicit Stream(std::uint64_t key) : key_(key) {}
  Stream(std::uint64_t key, std::shared_ptr<const Future> future,
         std::shared_ptr<const OverrideTable> overrides);

  // 64 uniform bits.
  std::uint64_t next() override {
    const std::uint64_t counter = counter_++;
    if (counter == next_override_) [[unlikely]] {
      return overridden(counter);
    }
    return hash_mix(key_ + counter * kStep, future_ == nullptr ? 0 : future_->key);
  }

  // How many draws were taken.
  std::uint64_t counter() const { return counter_; }
  // The next draw is number `counter`: draws for the n-th message of a link stay in step with the
  // messages, whatever was drawn for those before.
  void seek(std::uint64_t counter) {
    counter_ = counter;
    if (overrides_ != nullptr) [[unlikely]] {
      find_next_override();
    }
  }

  // Uniform in [0, bound); bound > 0.
  std::uint64_t uniform(std::uint64_t bound) {
    SYNCHRODB_ASSERT(bound > 0, "an empty range has no element to draw");
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  // Uniform in [low, high].
  std::int64_t uniform_between(std::int64_t low, std::int64_t high) {
    SYNCHRODB_ASSERT(low <= high, "an empty range has no element to draw");
    const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t draw = span == ~std::uint64_t{0} ? next() : uniform(span + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + draw);
  }
  // True with probability `ppm` parts per million; takes one draw, whatever `ppm` is.
  bool bernoulli(std::uint64_t ppm) { return uniform(1'000'000) < ppm; }
  // Exponentially distributed with the given mean, at most 45 times that; one draw.
  Duration exponential(Duration mean) { return scale(mean, exponential_q32()); }
  // A standard exponential variate as a fixed-point number with 32 fractional bits.
  std::uint64_t exponential_q32() { return exponential_of(next()); }
  // -ln((bits + ½) / 2^64) with 32 fractional bits, within 2^-16 of the true value.
  static std::uint64_t exponential_of(std::uint64_t bits);
  static Duration scale(Duration mean, std::uint64_t q32) {
    __extension__ using Wide = __int128;
    return {static_cast<std::int64_t>((static_cast<Wide>(mean.ns) * static_cast<Wide>(q32)) >> 32)};
  }

  // An element of a range that is not empty.
  template <class Range>
  auto& pick(Range& range) {
    return range[static_cast<std::size_t>(uniform(std::size(range)))];
  }
  // Fisher and Yates.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(uniform(i))]);
    }
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  std::uint64_t overridden(std::uint64_t counter);
  void find_next_override();

  std::uint64_t key_;
  std::uint64_t counter_ = 0;
  std::shared_ptr<const Future> future_;
  std::uint64_t next_override_ = kNone;  // unused overrides cost one comparison a draw
  std::shared_ptr<const OverrideTable> overrides_;
};

// Hands out the streams of one key. Cheap to copy; copies share their future.
class Streams {
 public:
  explicit Streams(std::uint64_t key) : Streams(key, {}) {}
  Streams(std::uint64_t key, const std::vector<Override>& overrides);

  std::uint64_t key() const { return key_; }
  Stream stream(Purpose purpose, std::uint64_t a = 0, std::uint64_t b = 0) const;
  // From now on every stream, those handed out before included, draws by `key` too; what it drew
  // stands. Overrides go on to hold.
  void branch(std::uint64_t key);
  // The same streams, without the overrides.
  Streams plain() const;

 private:
  std::uint64_t key_;
  std::shared_ptr<Future> future_;
  std::shared_ptr<const OverrideTable> overrides_;  // null when there are none
};

}  // namespace synchrodb::sim
