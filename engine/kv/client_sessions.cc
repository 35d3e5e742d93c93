#include "engine/kv/client_sessions.h"

#include <utility>

#include "consensus/assert.h"
#include "consensus/hash.h"

namespace synchrodb {

ClientSessions::ClientSessions(std::size_t limit) : limit_(limit) {
  SYNCHRODB_ASSERT(limit > 0, "a state machine must be able to hold a session");
}

void ClientSessions::set_reply(Session& session, Reply reply) {
  scratch_.clear();
  encode(reply, scratch_);
  session.reply_hash = stable_hash(scratch_);
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
  digest_ -= at->hash;
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

void ClientSessions::serialize(std::string& out) const {
  put_varint(sessions_.size(), out);
  std::string reply;
  for (const Session& session : sessions_) {
    put_varint(session.id.value, out);
    put_varint(session.sequence, out);
    put_varint(session.used.value, out);
    reply.clear();
    encode(session.reply, reply);
    put_string(reply, out);
  }
}

bool ClientSessions::restore(ByteReader& in) {
  SYNCHRODB_ASSERT(sessions_.empty(), "sessions are restored into an empty table");
  const std::size_t count = in.count(4);
  if (count > limit_) return false;
  Index last;
  for (std::size_t i = 0; i < count; ++i) {
    const SessionId id{in.varint()};
    const std::uint64_t sequence = in.varint();
    const Index used{in.varint()};
    auto reply = decode_reply(in.string());
    // Ascending in use: which rules out nothing that serialize() writes.
    const bool sound = in.ok() && reply.ok() && used > last && id && id.value <= used.value &&
                       by_id_.find(id.value) == nullptr;
    if (!sound) return false;
    last = used;
    Session& session = sessions_.emplace_back();
    session.id = id;
    session.sequence = sequence;
    session.used = used;
    set_reply(session, std::move(reply).value());
    rehash(session);
    by_id_.insert_or_assign(id.value, std::prev(sessions_.end()));
  }
  return true;
}

}  // namespace synchrodb
