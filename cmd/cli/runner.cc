#include "cmd/cli/runner.h"

#include <algorithm>
#include <iostream>
#include <iterator>

#include "cmd/cli/cluster/commands.h"
#include "cmd/cli/cluster/words.h"
#include "cmd/cli/exit_codes.h"
#include "cmd/cli/output.h"
#include "cmd/cli/watch_command.h"
#include "cmd/cli/words.h"

namespace synchrodb::cli {

int run_command(const Context& context, DataSession& session,
                const std::vector<std::string>& words) {
  if (is_administration(words)) return run_administration(context, words);
  Result<Reply> reply = session.execute(words);
  if (!reply) {
    complain(reply.error().message);
    if (context.options.format == Format::kJson) print_json({{"error", reply.error().message}});
    const bool connection = reply.error().code == ErrorCode::kUnavailable;
    return connection ? kExitNoConnection : kExitFailed;
  }
  print(format_reply(reply.value(), words, context.options.format));
  return reply.value().is_error() ? kExitFailed : kExitOk;
}

int run_once(const Context& context) {
  const Options& options = context.options;
  std::vector<std::string> words = options.words;
  if (options.last_from_input) {
    words.emplace_back(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  if (is_watch(words)) return run_watch(context, words);
  DataSession session(context);
  int worst = kExitOk;
  for (long done = 0; options.repeat < 0 || done < options.repeat; ++done) {
    if (done > 0 && options.interval_seconds > 0) {
      const auto pause =
          static_cast<std::int64_t>(options.interval_seconds * 1e9) * kj::NANOSECONDS;
      context.dialer.timer().afterDelay(pause).wait(context.io.waitScope);
    }
    const int code = run_command(context, session, words);
    worst = std::max(worst, code);
    if (code >= kExitUsage) break;
  }
  return worst;
}

int run_lines(const Context& context, std::istream& in) {
  DataSession session(context);
  int worst = kExitOk;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const Result<std::vector<std::string>> words = split_words(line);
    if (!words) {
      complain("line " + std::to_string(number) + ": " + words.error().message);
      worst = std::max(worst, kExitUsage);
      continue;
    }
    if (words.value().empty()) continue;
    const int code = run_command(context, session, words.value());
    worst = std::max(worst, code);
    if (code == kExitNoConnection) {
      complain("stopped at line " + std::to_string(number));
      break;
    }
  }
  return worst;
}

}  // namespace synchrodb::cli
