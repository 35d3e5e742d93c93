// One client connection: argv in, what to do about it out.
//
// A Session looks commands up, checks their arity and keeps the connection's transaction state
// (MULTI, WATCH); it does no I/O and never waits. For each command handle() says one of:
//
//   Reply       the answer, at once
//   ReadStep    a linearizable read: the answer is what StateMachine::read(argv) gives
//   WriteStep   a request to replicate: the answer is what StateMachine::apply gives
//   WatchStep   a linearizable read as well, but its result goes to finish_watch(), which gives the
//               answer
//
// Commands of one connection are handled in order; a WatchStep must be finished before the next
// command is handled, reads and writes need not be.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/kv/command.h"
#include "engine/kv/command_table.h"
#include "engine/kv/reply.h"

namespace synchrodb {

struct ReadStep {
  std::vector<std::string> argv;
};

// `request.session` and `request.sequence` are left zero: exactly-once is the submitter's business.
struct WriteStep {
  Request request;
};

struct WatchStep {
  std::vector<std::string> argv;  // SYNCHRODB.VERSIONS key [key ...]
};

using Step = std::variant<Reply, ReadStep, WriteStep, WatchStep>;

class Session {
 public:
  // `argv` is one command as the client sent it. An empty one is answered with an error.
  Step handle(std::vector<std::string> argv);

  // `step` is the WatchStep that handle() gave last, `versions` the reply to its read. The answer
  // is OK, or `versions` itself if that is an error (nothing is watched then).
  Reply finish_watch(const WatchStep& step, const Reply& versions);

  // `error`, which somebody else gave a command of this connection. While a transaction is open it
  // dooms it: EXEC will answer EXECABORT.
  Reply refuse(Reply error);

  bool in_transaction() const { return in_transaction_; }
  std::size_t queued() const { return queue_.size(); }
  bool queued_writes() const;  // a write is among them
  const std::vector<WatchedKey>& watched() const { return watched_; }

  // As for a new connection: RESET, or a connection that ends.
  void reset();

 private:
  Step handle_session_command(const CommandSpec& command, std::vector<std::string> argv);
  Step exec();
  Reply enqueue(std::vector<std::string> argv);
  Reply refuse(const CommandSpec& command);  // for its number of arguments
  void leave_transaction();

  bool in_transaction_ = false;
  bool doomed_ = false;
  std::vector<std::vector<std::string>> queue_;
  std::vector<WatchedKey> watched_;
};

}  // namespace synchrodb
