#include "engine/session/session.h"

#include <algorithm>
#include <utility>

#include "engine/kv/errors.h"

namespace synchrodb {
namespace {

constexpr std::string_view kVersionsCommand = "SYNCHRODB.VERSIONS";

Reply answer_without_state(const CommandSpec& command, const std::vector<std::string>& argv) {
  static const Keyspace kNoKeys;
  const std::vector<std::string_view> views(argv.begin(), argv.end());
  return command.read(ReadContext{kNoKeys, 0, 0}, Args(views));
}

// What came after the first release enters the log as what it means, in words that every node
// knows: a member that is not upgraded yet would answer it with an error, and its state would
// differ.
void say_in_older_words(const CommandSpec& command, std::vector<std::string>& argv) {
  if (command.name == "flushdb") argv[0] = "FLUSHALL";  // there is one database
  if (command.name == "scan" && argv[1].empty()) argv[1] = "0";
}

}  // namespace

Step Session::handle(std::vector<std::string> argv) {
  if (argv.empty()) return refuse(Reply::error("ERR empty command"));
  const CommandSpec* command = find_command(argv[0]);
  if (command == nullptr) return refuse(errors::unknown_command(argv));
  if (!command->accepts(argv.size())) return refuse(*command);
  say_in_older_words(*command, argv);
  // In a transaction everything waits for EXEC, but for what governs the transaction itself.
  const bool governs = command->has(kSession) && command->read == nullptr;
  if (in_transaction_ && !governs) return enqueue(std::move(argv));
  if (command->has(kSession)) return handle_session_command(*command, std::move(argv));
  if (command->has(kStateless)) return answer_without_state(*command, argv);
  if (command->has(kRead)) return ReadStep{std::move(argv)};
  WriteStep step;
  step.request.commands.push_back(std::move(argv));
  return step;
}

Step Session::handle_session_command(const CommandSpec& command, std::vector<std::string> argv) {
  if (command.name == "multi") {
    if (in_transaction_) return Reply::error("ERR MULTI calls can not be nested");
    in_transaction_ = true;
    return Reply::ok();
  }
  if (command.name == "exec") return exec();
  if (command.name == "discard") {
    if (!in_transaction_) return Reply::error("ERR DISCARD without MULTI");
    leave_transaction();
    return Reply::ok();
  }
  if (command.name == "watch") {
    if (in_transaction_) return Reply::error("ERR WATCH inside MULTI is not allowed");
    argv[0] = kVersionsCommand;
    return WatchStep{std::move(argv)};
  }
  watched_.clear();  // UNWATCH
  return Reply::ok();
}

Step Session::exec() {
  if (!in_transaction_) return Reply::error("ERR EXEC without MULTI");
  const bool doomed = doomed_;
  WriteStep step;
  step.request.transaction = true;
  step.request.commands = std::move(queue_);
  step.request.watched = std::move(watched_);
  leave_transaction();
  if (doomed) {
    return Reply::error("EXECABORT Transaction discarded because of previous errors.");
  }
  // Nothing to do and nothing to compare: not worth a log entry.
  if (step.request.commands.empty() && step.request.watched.empty()) return Reply::array({});
  return step;
}

bool Session::queued_writes() const {
  return std::any_of(queue_.begin(), queue_.end(), [](const std::vector<std::string>& argv) {
    return find_command(argv[0])->has(kWrite);  // only commands that were found are queued
  });
}

Reply Session::enqueue(std::vector<std::string> argv) {
  queue_.push_back(std::move(argv));
  return Reply::status("QUEUED");
}

Reply Session::refuse(const CommandSpec& command) {
  Reply error = errors::wrong_arity(command.name);
  if (command.name != "exec") return refuse(std::move(error));
  // A malformed EXEC ends the transaction all the same.
  leave_transaction();
  constexpr std::string_view kCode = "ERR ";
  return Reply::error("EXECABORT Transaction discarded because of: " +
                      error.text().substr(kCode.size()));
}

Reply Session::refuse(Reply error) {
  if (in_transaction_) doomed_ = true;
  return error;
}

void Session::leave_transaction() {
  in_transaction_ = false;
  doomed_ = false;
  queue_.clear();
  watched_.clear();
}

Reply Session::finish_watch(const WatchStep& step, const Reply& versions) {
  if (versions.is_error()) return versions;
  const std::vector<Reply>* found = nullptr;
  if (versions.kind() == Reply::Kind::kArray) found = &versions.elements();
  const bool sound = found != nullptr && found->size() + 1 == step.argv.size() &&
                     std::all_of(found->begin(), found->end(), [](const Reply& version) {
                       return version.kind() == Reply::Kind::kInteger;
                     });
  if (!sound) {
    return Reply::error("ERR malformed answer about the versions of watched keys");
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const std::string& key = step.argv[i + 1];
    // Watching a key again does not forgive a change since the first time.
    const bool known = std::any_of(watched_.begin(), watched_.end(),
                                   [&](const WatchedKey& watched) { return watched.key == key; });
    if (known) continue;
    watched_.push_back({key, static_cast<std::uint64_t>((*found)[i].number())});
  }
  return Reply::ok();
}

void Session::reset() {
  leave_transaction();
}

}  // namespace synchrodb
