// One connection of a Redis client, as the engine sees it: commands in, replies out, in order.
//
// A pipeline becomes as few requests as order allows: neighbouring commands go together, as one
// read if all of them read, else as one log entry, in which the reads among them see the writes
// before them. One request is under way at a time, so nothing overtakes, and what must be asked for
// again after a lost leader is asked for in the same place.
#pragma once

#include <string>
#include <vector>

#include "engine/session/gateway.h"
#include "engine/session/session.h"

namespace synchrodb {

class Connection {
 public:
  explicit Connection(Gateway& gateway) : gateway_(gateway) {}

  // The next command. Parks now and then.
  void add(std::vector<std::string> argv);
  // A reply that was made elsewhere takes its place in the order.
  void add_reply(Reply reply) { replies_.push_back(std::move(reply)); }
  // Executes what is left. Parks.
  void finish();

  // In the order of their commands; taken away by this call.
  std::vector<Reply> take_replies();
  // The outcome of a write is unknown at the deadline: say nothing more and close, for any reply
  // would be taken for "not executed" or "executed".
  bool lost() const { return lost_; }

  void set_consistency(ReadConsistency consistency) { consistency_ = consistency; }
  ReadConsistency consistency() const { return consistency_; }
  const Session& session() const { return session_; }
  // As for a new connection (RESET).
  void reset() { session_.reset(); }

 private:
  void batch(std::vector<std::string> argv, bool writes);
  void execute_batch();
  void execute(Request request, std::size_t place);
  void watch(WatchStep step);
  Reply reply_of(Outcome outcome, bool wrote);

  Gateway& gateway_;
  Session session_;
  ReadConsistency consistency_ = ReadConsistency::kLinearizable;
  std::vector<Reply> replies_;
  Request pending_;
  std::vector<std::size_t> places_;  // of the pending commands' replies
  std::size_t pending_bytes_ = 0;
  bool pending_writes_ = false;
  bool lost_ = false;
};

}  // namespace synchrodb
