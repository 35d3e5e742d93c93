// The replicated table of client sessions (Raft thesis 6.3): the latest sequence number and reply
// of each, least recently used first.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
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
    std::size_t reply_bytes = 0;
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

  // Whether the request, or a later one of the session, has been applied.
  bool has_applied(SessionId id, std::uint64_t sequence) const;

  std::size_t size() const { return sessions_.size(); }
  std::size_t limit() const { return limit_; }
  // A sum over the sessions of a hash of each.
  std::uint64_t digest() const { return digest_; }

  // All sessions, in order of use (snapshot_format.h).
  void serialize(std::string& out) const;

  // Into a table that holds the sessions serialized before this one, reads the next. False if it is
  // malformed, of a session that is there already, out of order or one too many.
  bool restore_one(ByteReader& in);

  // A snapshot of the sessions as they are now, to be read while they go on being used, as
  // Keyspace's. A use by a later entry takes a session to the end of the order, so what the
  // snapshot still needs stays in front; a session that leaves its place is kept aside in its old
  // form. `index`: of the last entry applied.
  void begin_snapshot(Index index);
  // Appends sessions until `max_bytes` (at least 1) have been added; longer by one session at most.
  // True when the last one is out, and the snapshot is over.
  bool next_piece(std::size_t max_bytes, std::string& out);
  void end_snapshot() { snapshot_.reset(); }

  // Frees about `limit` sessions of a table that nobody will look at again; true when none is left.
  bool dismantle(std::size_t limit);

  // As Keyspace::memory_bytes.
  std::size_t memory_bytes() const;

 private:
  struct Snapshot {
    Index index;                             // sessions used later are not part of it
    Index out;                               // those used up to here are out
    std::list<Session>::iterator next;       // the first in the table that may not be out yet
    std::map<Index, std::string> kept = {};  // by last use: those that have left their place
  };

  // Before the session at this place changes its place, its contents, or disappears.
  void keep_for_snapshot(std::list<Session>::iterator at);
  void set_reply(Session& session, Reply reply);
  void rehash(Session& session);
  void remove(std::list<Session>::iterator at);

  std::size_t limit_;
  std::list<Session> sessions_;  // in the order of `used`
  HashMap<std::uint64_t, std::list<Session>::iterator> by_id_;
  std::uint64_t digest_ = 0;
  std::size_t reply_bytes_ = 0;
  std::string scratch_;
  std::optional<Snapshot> snapshot_;
};

}  // namespace synchrodb
