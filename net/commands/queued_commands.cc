#include "net/commands/queued_commands.h"

#include <utility>

namespace synchrodb::net {

void QueuedCommands::add(std::size_t log_commands, std::vector<std::string> argv) {
  for (const std::string& argument : argv) bytes_ += argument.size();
  queue_.push_back({log_commands, std::move(argv)});
}

void QueuedCommands::clear() {
  queue_.clear();
  bytes_ = 0;
}

Reply QueuedCommands::finish(Reply answer, const Execute& execute) const {
  if (queue_.empty() || answer.kind() != Reply::Kind::kArray) return answer;
  std::vector<Reply> from_log = std::move(answer).elements();
  std::vector<Reply> all;
  all.reserve(from_log.size() + queue_.size());
  std::size_t taken = 0;
  const auto take_until = [&](std::size_t end) {
    for (; taken < end && taken < from_log.size(); ++taken) {
      all.push_back(std::move(from_log[taken]));
    }
  };
  for (const Queued& queued : queue_) {
    take_until(queued.log_commands);
    all.push_back(execute(queued.argv));
  }
  take_until(from_log.size());
  return Reply::array(std::move(all));
}

}  // namespace synchrodb::net
