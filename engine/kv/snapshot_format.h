// The bytes of a serialized state machine. Numbers are varints (codec.h).
//
//   state    = "SDKV" version:1 applied stamp count session* count record* digest:8
//   session  = id sequence used reply             in the order of use; the reply as a string
//   record   = key value expiry version           in the order of the keyspace
//
// `digest` is StateMachine::digest(), which whoever restores the state must arrive at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/types.h"
#include "engine/kv/codec.h"
#include "engine/kv/slot_table.h"

namespace synchrodb {

inline constexpr std::string_view kStateMagic = "SDKV";
inline constexpr std::uint8_t kStateVersion = 1;

inline void put_state_head(Index applied, WallTime stamp, std::string& out) {
  out.append(kStateMagic);
  out.push_back(static_cast<char>(kStateVersion));
  put_varint(applied.value, out);
  put_signed(stamp.ns, out);
}

// A record is its head, the bytes of its value, and its tail.
inline void put_record_head(const Record& record, std::string& out) {
  put_string(record.key, out);
  put_varint(record.value.size(), out);
}
inline void put_record_tail(const Record& record, std::string& out) {
  put_signed(record.expiry_ms, out);
  put_varint(record.version, out);
}
inline void put_record(const Record& record, std::string& out) {
  put_record_head(record, out);
  out.append(record.value);
  put_record_tail(record, out);
}

}  // namespace synchrodb
