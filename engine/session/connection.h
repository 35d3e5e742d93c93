// One connection of a Redis client, as the engine sees it: commands in, replies out, in order.
//
// A pipeline becomes as few requests as order allows: neighbouring commands go together, as one
// read if all of them read, else as one log entry, in which the reads among them see the writes
// before them. One request is under way at a time, so nothing overtakes, and what must be asked for
// again after a lost leader is asked for in the same place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/session/gateway.h"
#include "engine/session/session.h"

namespace synchrodb {

class Connection {
 public:
  // Told of each command that the state machine answered, with the time that its request took.
  using Completed =
      std::function<void(const std::vector<std::string>& argv, Duration took, const Reply& reply)>;

  // All outlive the connection. `session` keeps the connection's transaction.
  Connection(Gateway& gateway, Session& session, Clock& clock, Completed completed);

  // The next command. Parks now and then.
  void add(std::vector<std::string> argv);
  // A reply that was made elsewhere takes its place in the order.
  void add_reply(Reply reply);
  // Executes what is left. Parks.
  void finish();
  // After finish(): the last command's reply, to be replaced.
  Reply& last_reply() { return replies_.back(); }

  // Of the replies that are there, as bytes_of() counts them.
  std::size_t reply_bytes() const { return reply_bytes_; }
  // In the order of their commands, up to the first that is lost; taken away by this call.
  std::vector<Reply> take_replies();
  // The outcome of a write is unknown at the deadline: say nothing more and close, for any reply
  // would be taken for "not executed" or "executed".
  bool lost() const { return lost_; }
  // The newest log entry that this connection's writes are known to have made.
  Index last_write() const { return last_write_; }

  void set_consistency(ReadConsistency consistency) { consistency_ = consistency; }

 private:
  void batch(std::vector<std::string> argv, bool writes);
  void execute_batch();
  void execute_singly(Request batch);
  void answer_batch(const Request& request, Reply reply, Duration took);
  void put_reply(std::size_t place, Reply reply);
  void note_reads(std::size_t reads, std::size_t bytes);
  void transaction(Request request);
  void watch(const WatchStep& step);
  Reply read(std::string request, ReadConsistency consistency);
  // Nothing: lost, and so are all replies from `place` on.
  Reply write(Request& request, std::size_t place);

  Gateway& gateway_;
  Session& session_;
  Clock& clock_;
  Completed completed_;
  ReadConsistency consistency_ = ReadConsistency::kLinearizable;
  std::vector<Reply> replies_;
  std::size_t reply_bytes_ = 0;
  Request pending_;
  std::vector<std::size_t> places_;  // of the pending commands' replies
  std::size_t pending_bytes_ = 0;
  bool pending_writes_ = false;
  std::size_t pending_reads_ = 0;
  std::size_t most_reads_;  // in one batch, by how large the replies have been
  bool lost_ = false;
  Index last_write_;
};

}  // namespace synchrodb
