#include "engine/kv/state_pieces.h"

#include <algorithm>
#include <utility>

#include "engine/kv/context.h"
#include "engine/kv/snapshot_format.h"

namespace synchrodb {

// ---- writing -----------------------------------------------------------------------------------

StateWriter::StateWriter(Keyspace& keys, ClientSessions& sessions, Index applied, WallTime stamp,
                         std::uint64_t digest)
    : keys_(keys), sessions_(sessions), key_count_(keys.size()), digest_(digest) {
  put_state_head(applied, stamp, head_);
  put_varint(sessions.size(), head_);
  keys_.begin_snapshot(applied.value);
  sessions_.begin_snapshot(applied);
}

StateWriter::~StateWriter() {
  keys_.end_snapshot();
  sessions_.end_snapshot();
}

bool StateWriter::next(std::size_t max_bytes, std::string& out) {
  const std::size_t limit = out.size() + max_bytes;
  while (out.size() < limit) {
    const std::size_t room = limit - out.size();
    switch (stage_) {
      case Stage::kHead:
        out.append(head_);
        stage_ = Stage::kSessions;
        break;
      case Stage::kSessions:
        if (!sessions_.next_piece(room, out)) return false;
        put_varint(key_count_, out);
        stage_ = Stage::kKeys;
        break;
      case Stage::kKeys:
        if (!keys_.next_piece(room, out)) return false;
        put_fixed64(digest_, out);
        return true;
    }
  }
  return false;
}

// ---- reading -----------------------------------------------------------------------------------

Result<> StateReader::add(std::string_view bytes) {
  // Most pieces end amid an item, which is the only one to be copied.
  std::string joined = std::exchange(waiting_, {});
  if (!joined.empty()) {
    joined.append(bytes);
    bytes = joined;
  }
  while (!bytes.empty()) {
    ByteReader in(bytes);
    const Step done = step(in);
    if (done == Step::kBad) {
      if (stage_ != Stage::kHead) return Error{ErrorCode::kCorrupt, "malformed key-value snapshot"};
      const auto version = static_cast<unsigned char>(bytes[kStateMagic.size()]);
      if (!bytes.starts_with(kStateMagic)) {
        return Error{ErrorCode::kCorrupt, "not a snapshot of the key-value state machine"};
      }
      return Error{ErrorCode::kUnsupported,
                   "key-value snapshot of an unknown version " + std::to_string(version)};
    }
    if (done == Step::kShort) break;
    bytes.remove_prefix(bytes.size() - in.remaining());
  }
  if (joined.empty() || bytes.empty()) {
    waiting_.assign(bytes);
  } else {
    joined.erase(0, joined.size() - bytes.size());
    waiting_ = std::move(joined);
  }
  return {};
}

Result<> StateReader::finish() {
  if (stage_ == Stage::kEnd) return {};
  return Error{ErrorCode::kCorrupt, "key-value snapshot ends too soon"};
}

StateReader::Step StateReader::step(ByteReader& in) {
  // Empty lists have no item to wait for.
  if (stage_ == Stage::kSessions && left_ == 0) stage_ = Stage::kKeyCount;
  if (stage_ == Stage::kKeys && left_ == 0) stage_ = Stage::kDigest;
  switch (stage_) {
    case Stage::kHead:
      return step_head(in);
    case Stage::kSessions:
      return step_session(in);
    case Stage::kKeyCount:
      left_ = in.varint();
      if (!in.ok()) return Step::kShort;
      stage_ = Stage::kKeys;
      return Step::kDone;
    case Stage::kKeys:
      return step_key(in);
    case Stage::kDigest:
      digest_ = in.fixed64();
      if (!in.ok()) return Step::kShort;
      stage_ = Stage::kEnd;
      return Step::kDone;
    case Stage::kEnd:
      break;
  }
  return Step::kBad;  // bytes behind the end
}

StateReader::Step StateReader::step_head(ByteReader& in) {
  if (in.remaining() <= kStateMagic.size()) return Step::kShort;
  bool known = true;
  for (const char c : kStateMagic) known &= in.byte() == static_cast<std::uint8_t>(c);
  known &= in.byte() == kStateVersion;
  if (!known) return Step::kBad;
  applied_ = Index{in.varint()};
  stamp_ = WallTime{in.signed_varint()};
  left_ = in.varint();
  if (!in.ok()) return Step::kShort;
  stage_ = Stage::kSessions;
  return Step::kDone;
}

StateReader::Step StateReader::step_session(ByteReader& in) {
  if (!sessions_.restore_one(in)) return in.ok() ? Step::kBad : Step::kShort;
  --left_;
  return Step::kDone;
}

StateReader::Step StateReader::step_key(ByteReader& in) {
  const std::string_view name = in.string();
  const std::string_view value = in.string();
  const std::int64_t expiry_ms = in.signed_varint();
  const std::uint64_t version = in.varint();
  if (!in.ok()) return Step::kShort;
  const KeyRef key(name);
  const bool sound = value.size() <= kMaxStringBytes && expiry_ms >= kNoExpiry &&
                     version <= applied_.value && std::as_const(keys_).find(key) == nullptr;
  if (!sound) return Step::kBad;
  keys_.insert(key, std::string(value), expiry_ms, version);
  --left_;
  return Step::kDone;
}

}  // namespace synchrodb
