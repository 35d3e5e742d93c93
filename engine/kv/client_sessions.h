// The replicated table of client sessions (Raft thesis 6.3): the latest sequence number and reply
// of each, least recently used first.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "consensus/types.h"
#include "engine/env/hash_map.h"
#include "engine/kv/codec.h"
#include "engine/kv/reply.h"

namespace synchrodb {

class ClientSessions {
 public:
  struct Session {
    SessionId id;
    std::uint64_t sequence = 0;  // of the latest request; 0: none yet
    Index used;                  // the entry that used the session last
    Reply reply;                 // to the latest request
    std::uint64_t reply_hash = 0;
    std::uint64_t hash = 0;  // of all of the above: what the session adds to digest()
  };

  explicit ClientSessions(std::size_t limit);
  ClientSessions(ClientSessions&&) = default;
  ClientSessions& operator=(ClientSessions&&) = default;

  // Opens the session named after the entry at `index`; evicts the least recently used one if there
  // are too many.
  SessionId open(Index index);
  void close(SessionId id);
  // Null when unknown. Counts as a use by the entry at `index`.
  Session* use(SessionId id, Index index);
  // Remembers the reply to a session's latest request.
  void record(Session& session, std::uint64_t sequence, Reply reply);

  std::size_t size() const { return sessions_.size(); }
  std::size_t limit() const { return limit_; }
  // A sum over the sessions of a hash of each.
  std::uint64_t digest() const { return digest_; }

  void serialize(std::string& out) const;
  // Into an empty table. False if the bytes are malformed.
  bool restore(ByteReader& in);

 private:
  void set_reply(Session& session, Reply reply);
  void rehash(Session& session);
  void remove(std::list<Session>::iterator at);

  std::size_t limit_;
  std::list<Session> sessions_;  // in the order of `used`
  HashMap<std::uint64_t, std::list<Session>::iterator> by_id_;
  std::uint64_t digest_ = 0;
  std::string scratch_;
};

}  // namespace synchrodb
