#include "net/offline/words.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "net/config/command_line.h"
#include "net/offline/accounts.h"

namespace synchrodb::net {
namespace {

constexpr const char* kRestoreHelp =
    "Usage: synchrodb-server restore --from FILE [--json] [--OPTION VALUE]...\n"
    "\n"
    "Lays out an empty data folder (--dir) for a founding member (--node-id) of a NEW cluster "
    "that\n"
    "begins with the backup in FILE (synchrodb-cli cluster backup). Run it on every node of\n"
    "--initial-cluster with the same file; then start the servers with the same options. The old\n"
    "cluster must not serve the same clients any more: the two know nothing of each other.\n"
    "--json: says what was done as one JSON object.\n";

constexpr const char* kRecoverHelp =
    "Usage: synchrodb-server recover --i-accept-data-loss [--json] [--OPTION VALUE]...\n"
    "\n"
    "For a cluster that lost a majority of its nodes FOR GOOD: makes the node (--node-id) whose "
    "data\n"
    "folder (--dir) is left the only voter of a new cluster with its data. Choose the survivor "
    "with\n"
    "the longest log (`last` of: synchrodb-cli cluster status). Its server must not run; neither "
    "must\n"
    "any other of the old cluster's, now or later: remove their folders and let them join anew.\n"
    "\n"
    "What is lost: writes that were acknowledged, where only lost nodes had them. What may "
    "appear:\n"
    "writes in this node's log whose clients were told that nobody knows what became of them. "
    "Where\n"
    "the majority is only down, start it instead. A copy of the folder, made before, is the way "
    "back.\n"
    "--json: says what was done as one JSON object, and the warning to standard error.\n";

// What is left of a word's arguments when those that only it has are taken out.
struct WordArguments {
  std::vector<std::string> options;
  std::optional<std::string> from;
  bool accepted = false;
  bool json = false;
  bool help = false;
};

Result<WordArguments> take_own(std::span<const std::string> arguments) {
  WordArguments taken;
  const bool restore = arguments.front() == "restore";
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool from = restore && (argument == "--from" || argument.starts_with("--from="));
    if (argument == "--help" || argument == "-h") {
      taken.help = true;
    } else if (argument == "--json") {
      taken.json = true;
    } else if (!restore && argument == "--i-accept-data-loss") {
      taken.accepted = true;
    } else if (from && taken.from) {
      return Error{ErrorCode::kInvalid, "--from: given twice"};
    } else if (from && argument != "--from") {
      taken.from = argument.substr(argument.find('=') + 1);
    } else if (from) {
      if (i + 1 == arguments.size()) return Error{ErrorCode::kInvalid, "--from: needs a file"};
      taken.from = arguments[++i];
    } else {
      taken.options.push_back(argument);
    }
  }
  return taken;
}

int fail(const std::string& word, const Error& error) {
  std::fprintf(stderr, "synchrodb-server %s: %s\n", word.c_str(), error.message.c_str());
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported:
      return 2;
    default:
      return 1;
  }
}

void say(const std::string& text, std::FILE* to = stdout) {
  std::fputs(text.c_str(), to);
  std::fflush(to);
}

int restore(const WordArguments& arguments, const ServerOptions& options) {
  if (!arguments.from || arguments.from->empty()) {
    return fail("restore", {ErrorCode::kInvalid, "--from FILE is missing: which backup?"});
  }
  Result<Restored> restored = restore_backup(*arguments.from, options);
  if (!restored) return fail("restore", restored.error());
  say(arguments.json ? restored_json(restored.value(), *arguments.from, options).dump(2) + "\n"
                     : restored_text(restored.value(), *arguments.from, options));
  return 0;
}

int recover(const WordArguments& arguments, const ServerOptions& options) {
  if (!arguments.accepted) {
    std::fputs(kRecoverHelp, stderr);
    return fail("recover",
                {ErrorCode::kInvalid,
                 "nothing was done: this may lose acknowledged writes, so it wants to be "
                 "told --i-accept-data-loss"});
  }
  nlohmann::json account;
  // Said before anything is done: whoever reads it may still turn the power off.
  const auto warn = [&](const Survivor& survivor) {
    account["before"] = survivor_json(survivor, options);
    say(survivor_text(survivor, options), arguments.json ? stderr : stdout);
  };
  Result<Recovered> recovered = recover_alone(options, warn);
  if (!recovered) return fail("recover", recovered.error());
  account["now"] = recovered_json(recovered.value(), options);
  say(arguments.json ? account.dump(2) + "\n" : recovered_text(recovered.value(), options));
  return 0;
}

}  // namespace

std::optional<int> run_word(std::span<const std::string> arguments,
                            std::span<const std::string> environment, std::string_view version) {
  if (arguments.empty()) return std::nullopt;
  const std::string& word = arguments.front();
  if (word != "restore" && word != "recover") return std::nullopt;
  Result<WordArguments> taken = take_own(arguments);
  if (!taken) return fail(word, taken.error());
  if (taken.value().help) {
    std::fputs(word == "restore" ? kRestoreHelp : kRecoverHelp, stdout);
    return 0;
  }
  Result<Invocation> invocation = read_invocation(taken.value().options, environment, version);
  if (!invocation) return fail(word, invocation.error());
  if (!invocation.value().print.empty()) {
    std::fputs(invocation.value().print.c_str(), stdout);
    return 0;
  }
  const ServerOptions& options = invocation.value().options;
  return word == "restore" ? restore(taken.value(), options) : recover(taken.value(), options);
}

}  // namespace synchrodb::net
