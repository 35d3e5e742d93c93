#include "engine/kv/client_sessions.h"

#include <utility>

#include "consensus/assert.h"
#include "consensus/hash.h"
#include "engine/kv/memory.h"

namespace synchrodb {
namespace {

void put_session(const ClientSessions::Session& session, std::string& out) {
  put_varint(session.id.value, out);
  put_varint(session.sequence, out);
  put_varint(session.used.value, out);
  std::string reply;
  encode(session.reply, reply);
  put_string(reply, out);
}

}  // namespace

ClientSessions::ClientSessions(std::size_t limit) : limit_(limit) {
  SYNCHRODB_ASSERT(limit > 0, "a state machine must be able to hold a session");
}

void ClientSessions::set_reply(Session& session, Reply reply) {
  scratch_.clear();
  encode(reply, scratch_);
  session.reply_hash = stable_hash(scratch_);
  reply_bytes_ -= session.reply_bytes;
  session.reply_bytes = scratch_.size();
  reply_bytes_ += session.reply_bytes;
  session.reply = std::move(reply);
  if (scratch_.capacity() > 64 * 1024) scratch_ = std::string();
}

void ClientSessions::rehash(Session& session) {
  digest_ -= session.hash;
  std::uint64_t h = hash_mix(session.reply_hash, session.id.value);
  h = hash_mix(h, session.sequence);
  session.hash = hash_mix(h, session.used.value);
  digest_ += session.hash;
}

void ClientSessions::remove(std::list<Session>::iterator at) {
  if (snapshot_) keep_for_snapshot(at);
  digest_ -= at->hash;
  reply_bytes_ -= at->reply_bytes;
  by_id_.erase(at->id.value);
  sessions_.erase(at);
}

SessionId ClientSessions::open(Index index) {
  if (sessions_.size() >= limit_) remove(sessions_.begin());
  const SessionId id{index.value};
  Session& session = sessions_.emplace_back();
  session.id = id;
  session.used = index;
  set_reply(session, Reply::nil());
  rehash(session);
  by_id_.insert_or_assign(id.value, std::prev(sessions_.end()));
  return id;
}

void ClientSessions::close(SessionId id) {
  if (auto* found = by_id_.find(id.value)) remove(*found);
}

ClientSessions::Session* ClientSessions::use(SessionId id, Index index) {
  auto* found = by_id_.find(id.value);
  if (found == nullptr) return nullptr;
  if (snapshot_) keep_for_snapshot(*found);
  sessions_.splice(sessions_.end(), sessions_, *found);
  (*found)->used = index;
  rehash(**found);
  return &**found;
}

void ClientSessions::record(Session& session, std::uint64_t sequence, Reply reply) {
  session.sequence = sequence;
  set_reply(session, std::move(reply));
  rehash(session);
}

bool ClientSessions::has_applied(SessionId id, std::uint64_t sequence) const {
  const auto* found = by_id_.find(id.value);
  return found != nullptr && (*found)->sequence >= sequence;
}

void ClientSessions::serialize(std::string& out) const {
  put_varint(sessions_.size(), out);
  for (const Session& session : sessions_) put_session(session, out);
}

bool ClientSessions::restore_one(ByteReader& in) {
  const SessionId id{in.varint()};
  const std::uint64_t sequence = in.varint();
  const Index used{in.varint()};
  auto reply = decode_reply(in.string());
  // Ascending in use: which rules out nothing that serialize() writes.
  const Index last = sessions_.empty() ? Index{} : sessions_.back().used;
  const bool sound = in.ok() && reply.ok() && used > last && id && id.value <= used.value &&
                     by_id_.find(id.value) == nullptr && sessions_.size() < limit_;
  if (!sound) return false;
  Session& session = sessions_.emplace_back();
  session.id = id;
  session.sequence = sequence;
  session.used = used;
  set_reply(session, std::move(reply).value());
  rehash(session);
  by_id_.insert_or_assign(id.value, std::prev(sessions_.end()));
  return true;
}

// ---- snapshots ---------------------------------------------------------------------------------

void ClientSessions::begin_snapshot(Index index) {
  SYNCHRODB_ASSERT(!snapshot_, "one snapshot at a time");
  snapshot_ = Snapshot{index, Index{}, sessions_.begin()};
}

void ClientSessions::keep_for_snapshot(std::list<Session>::iterator at) {
  Snapshot& snapshot = *snapshot_;
  if (at == snapshot.next) ++snapshot.next;
  if (at->used > snapshot.index || at->used <= snapshot.out) return;
  put_session(*at, snapshot.kept[at->used]);
}

bool ClientSessions::next_piece(std::size_t max_bytes, std::string& out) {
  SYNCHRODB_ASSERT(snapshot_ && max_bytes > 0, "pieces are of a snapshot that has begun");
  Snapshot& snapshot = *snapshot_;
  const std::size_t limit = out.size() + max_bytes;
  while (out.size() < limit) {
    const bool live = snapshot.next != sessions_.end() && snapshot.next->used <= snapshot.index;
    const auto kept = snapshot.kept.begin();
    if (kept != snapshot.kept.end() && (!live || kept->first < snapshot.next->used)) {
      out.append(kept->second);
      snapshot.out = kept->first;
      snapshot.kept.erase(kept);
    } else if (live) {
      put_session(*snapshot.next, out);
      snapshot.out = snapshot.next->used;
      ++snapshot.next;
    } else {
      snapshot_.reset();
      return true;
    }
  }
  return false;
}

// ---- memory ------------------------------------------------------------------------------------

bool ClientSessions::dismantle(std::size_t limit) {
  snapshot_.reset();
  for (; limit > 0 && !sessions_.empty(); --limit) sessions_.pop_front();
  return sessions_.empty();
}

std::size_t ClientSessions::memory_bytes() const {
  // A list's node has two pointers beside the session; the table by id is 7/8 full at most, and
  // half of that after it has grown.
  constexpr std::size_t kEach = heap_block(sizeof(Session) + 2 * sizeof(void*)) + 2 * 17;
  return sessions_.size() * kEach + reply_bytes_;
}

}  // namespace synchrodb
