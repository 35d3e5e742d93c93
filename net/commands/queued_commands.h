// The commands of an open transaction that are not the log's business: CLIENT, INFO, CONFIG ...
//
// A transaction is one log entry, and what these commands tell or change is not in the log. So they
// wait beside it, each with its place among the commands of the transaction, and are executed in
// their order when EXEC's answer has come; their replies are then put in between. They see the
// moment after the transaction, and do not run if it is refused.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "engine/kv/reply.h"

namespace synchrodb::net {

class QueuedCommands {
 public:
  using Execute = std::function<Reply(const std::vector<std::string>& argv)>;

  // `log_commands`: how many commands of the log are queued before it.
  void add(std::size_t log_commands, std::vector<std::string> argv);

  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }
  std::size_t bytes() const { return bytes_; }  // of the arguments
  void clear();

  // The whole answer to EXEC, of which `answer` is the log's part. Anything but an array (a
  // refusal, a watched key that has changed, DISCARD's OK) comes back as it is, and nothing is
  // executed.
  Reply finish(Reply answer, const Execute& execute) const;

 private:
  struct Queued {
    std::size_t log_commands;
    std::vector<std::string> argv;
  };

  std::vector<Queued> queue_;
  std::size_t bytes_ = 0;
};

}  // namespace synchrodb::net
