#include "sim/random/streams.h"

#include <algorithm>
#include <array>
#include <bit>

namespace synchrodb::sim {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kLn2Q32 = 2'977'044'472;  // ln 2 * 2^32, rounded

// log2 of a mantissa in [1, 2) given with 62 fractional bits, as a fixed-point number with 32
// fractional bits: the bits of a binary logarithm fall out of repeated squaring.
constexpr std::uint64_t log2_q32(std::uint64_t mantissa_q62) {
  constexpr std::uint64_t kTwo = std::uint64_t{1} << 63;
  std::uint64_t result = 0;
  for (int bit = 0; bit < 33; ++bit) {
    mantissa_q62 =
        static_cast<std::uint64_t>((static_cast<Wide>(mantissa_q62) * mantissa_q62) >> 62);
    result <<= 1;
    if (mantissa_q62 >= kTwo) {
      result |= 1;
      mantissa_q62 >>= 1;
    }
  }
  return (result + 1) >> 1;
}

// ln(1 + i/256) with 32 fractional bits.
constexpr auto kLogTable = [] {
  std::array<std::uint64_t, 257> table{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    const std::uint64_t mantissa = (std::uint64_t{1} << 62) + (i << 54);
    table[i] = (log2_q32(mantissa) * kLn2Q32) >> 32;
  }
  table[256] = kLn2Q32;
  return table;
}();

}  // namespace

std::uint64_t Stream::exponential_of(std::uint64_t bits) {
  // bits + ½ = m * 2^(63 - zeros) with m in [1, 2), so that
  // -ln((bits + ½) / 2^64) = (zeros + 1) * ln 2 - ln m. The ½ only matters for bits = 0.
  if (bits == 0) return 65 * kLn2Q32;
  const auto zeros = static_cast<std::uint64_t>(std::countl_zero(bits));
  const std::uint64_t fraction = (bits << zeros) << 1;  // of m, with 64 fractional bits
  const auto cell = static_cast<std::size_t>(fraction >> 56);
  const std::uint64_t within = (fraction << 8) >> 40;  // 24 bits
  const std::uint64_t low = kLogTable[cell];
  const std::uint64_t log = low + (((kLogTable[cell + 1] - low) * within) >> 24);
  return (zeros + 1) * kLn2Q32 - log;
}

// The overrides of all streams, sorted by (stream key, counter).
class OverrideTable {
 public:
  struct Item {
    std::uint64_t key;
    std::uint64_t counter;
    std::uint64_t value;
    auto operator<=>(const Item&) const = default;
  };

  explicit OverrideTable(std::vector<Item> items) : items_(std::move(items)) {
    std::sort(items_.begin(), items_.end());
  }

  // The first item of stream `key` at or after `counter`; null when there is none.
  const Item* at_or_after(std::uint64_t key, std::uint64_t counter) const {
    const auto it = std::lower_bound(items_.begin(), items_.end(), Item{key, counter, 0});
    return it != items_.end() && it->key == key ? &*it : nullptr;
  }

 private:
  std::vector<Item> items_;
};

namespace {

std::uint64_t stream_key(std::uint64_t key, Purpose purpose, std::uint64_t a, std::uint64_t b) {
  return hash_mix(hash_mix(hash_mix(hash_mix(0, key), purpose.hash), a), b);
}

}  // namespace

Stream::Stream(std::uint64_t key, std::shared_ptr<const Future> future,
               std::shared_ptr<const OverrideTable> overrides)
    : key_(key), future_(std::move(future)), overrides_(std::move(overrides)) {
  if (overrides_ == nullptr) return;
  // A stream without overrides of its own does without the table.
  if (overrides_->at_or_after(key_, 0) == nullptr) {
    overrides_.reset();
  } else {
    find_next_override();
  }
}

void Stream::find_next_override() {
  const OverrideTable::Item* item = overrides_->at_or_after(key_, counter_);
  next_override_ = item == nullptr ? kNone : item->counter;
}

std::uint64_t Stream::overridden(std::uint64_t counter) {
  const std::uint64_t value = overrides_->at_or_after(key_, counter)->value;
  find_next_override();
  return value;
}

Streams::Streams(std::uint64_t key, const std::vector<Override>& overrides)
    : key_(key), future_(std::make_shared<Future>()) {
  if (overrides.empty()) return;
  std::vector<OverrideTable::Item> items;
  items.reserve(overrides.size());
  for (const Override& item : overrides) {
    items.push_back({stream_key(key_, Purpose(std::string_view(item.purpose)), item.a, item.b),
                     item.counter, item.value});
  }
  overrides_ = std::make_shared<OverrideTable>(std::move(items));
}

Stream Streams::stream(Purpose purpose, std::uint64_t a, std::uint64_t b) const {
  return Stream(stream_key(key_, purpose, a, b), future_, overrides_);
}

void Streams::branch(std::uint64_t key) {
  // 0 is what every stream draws by before; a second branch depends on the first.
  future_->key = hash_mix(hash_mix(future_->key, 1), key) | 1;
}

Streams Streams::plain() const {
  Streams streams = *this;
  streams.overrides_.reset();
  return streams;
}

}  // namespace synchrodb::sim
