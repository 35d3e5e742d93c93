// What a command's operation sees: the keys, the stamp, and its arguments.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/kv/key_statistics.h"
#include "engine/kv/keyspace.h"
#include "engine/kv/reply.h"

namespace synchrodb {

// The command's name first, as in Redis' argv. The bytes live for the duration of the call.
using Args = std::span<const std::string_view>;

// Redis' proto-max-bulk-len.
inline constexpr std::size_t kMaxStringBytes = 512u * 1024 * 1024;

// For commands that read.
struct ReadContext {
  const Keyspace& keys;
  std::int64_t now_ms;                  // the stamp
  std::uint64_t entropy;                // depends on the applied log alone
  KeyStatistics* statistics = nullptr;  // null: nobody counts

  bool expired(const Record& record) const {
    return record.expiry_ms != kNoExpiry && record.expiry_ms < now_ms;
  }
  // Null if the key is absent or has expired.
  const Record* peek(std::string_view key) const {
    const Record* record = keys.find(KeyRef(key));
    return record != nullptr && !expired(*record) ? record : nullptr;
  }
  // The same for what a client asks for: it counts as a hit or as a miss.
  const Record* find(std::string_view key) const {
    const Record* record = peek(key);
    if (statistics != nullptr) ++(record != nullptr ? statistics->hits : statistics->misses);
    return record;
  }
};

// For commands that write. Each must validate all of its input before its first change.
struct WriteContext {
  Keyspace& keys;
  std::int64_t now_ms;
  std::uint64_t version;  // the index of the entry being applied
  std::uint64_t entropy;
  KeyStatistics& statistics;

  ReadContext reading() const { return {keys, now_ms, entropy, &statistics}; }

  // Null if the key is absent; removes it if it has expired.
  Record* find(const KeyRef& key) {
    Record* record = keys.find(key);
    if (record == nullptr || record->expiry_ms == kNoExpiry || record->expiry_ms >= now_ms) {
      return record;
    }
    keys.erase(key);
    ++statistics.expired;
    return nullptr;
  }
  // Makes the key hold exactly this.
  void put(const KeyRef& key, std::string_view value, std::int64_t expiry_ms = kNoExpiry) {
    if (Record* record = keys.find(key)) {
      keys.assign(*record, value, expiry_ms, version);
    } else {
      keys.insert(key, std::string(value), expiry_ms, version);
    }
  }
};

}  // namespace synchrodb
