// A state machine's serialized form (snapshot_format.h), written and read piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/types.h"
#include "engine/env/result.h"
#include "engine/kv/client_sessions.h"
#include "engine/kv/keyspace.h"

namespace synchrodb {

// Gives out the state of the moment at which it was made; the keyspace and the sessions keep aside
// what entries change meanwhile. Both outlive it.
class StateWriter {
 public:
  StateWriter(Keyspace& keys, ClientSessions& sessions, Index applied, WallTime stamp,
              std::uint64_t digest);
  ~StateWriter();
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;

  // Appends until `max_bytes` have been added; true after the last byte.
  bool next(std::size_t max_bytes, std::string& out);

 private:
  enum class Stage : std::uint8_t { kHead, kSessions, kKeys };

  Keyspace& keys_;
  ClientSessions& sessions_;
  Stage stage_ = Stage::kHead;
  std::string head_;
  std::size_t key_count_;
  std::uint64_t digest_;
};

// Fills an empty keyspace and an empty table of sessions. Nothing is trusted.
class StateReader {
 public:
  StateReader(Keyspace& keys, ClientSessions& sessions) : keys_(keys), sessions_(sessions) {}

  // The next bytes. An item that is not whole yet waits for the rest.
  Result<> add(std::string_view bytes);
  // Nothing follows. kCorrupt if something is missing or too much.
  Result<> finish();

  // Once finish() was ok.
  Index applied() const { return applied_; }
  WallTime stamp() const { return stamp_; }
  std::uint64_t digest() const { return digest_; }

 private:
  enum class Stage : std::uint8_t { kHead, kSessions, kKeyCount, kKeys, kDigest, kEnd };
  enum class Step : std::uint8_t { kDone, kShort, kBad };

  // Reads one item from the front of `in`, which is left behind it if that is kDone.
  Step step(ByteReader& in);
  Step step_head(ByteReader& in);
  Step step_session(ByteReader& in);
  Step step_key(ByteReader& in);

  Keyspace& keys_;
  ClientSessions& sessions_;
  Stage stage_ = Stage::kHead;
  std::string waiting_;     // bytes that are not a whole item yet
  std::uint64_t left_ = 0;  // items of this stage
  Index applied_;
  WallTime stamp_;
  std::uint64_t digest_ = 0;
};

}  // namespace synchrodb
