#include "cmd/cli/interactive.h"

#include <cstdlib>

#include "cmd/cli/cluster/words.h"
#include "cmd/cli/data_session.h"
#include "cmd/cli/exit_codes.h"
#include "cmd/cli/line_editor.h"
#include "cmd/cli/output.h"
#include "cmd/cli/runner.h"
#include "cmd/cli/syntax.h"
#include "cmd/cli/words.h"
#include "engine/kv/ascii.h"

namespace synchrodb::cli {
namespace {

std::string history_path() {
  if (const char* named = std::getenv("SYNCHRODB_HISTORY")) return named;
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.synchrodb_history";
}

class Interactive {
 public:
  explicit Interactive(const Context& context)
      : context_(context),
        session_(context),
        editor_({[this](std::string_view line) { return syntax_.complete(line); },
                 [this](std::string_view line) { return syntax_.hint(line); }},
                history_path()) {}

  int run() {
    connect();
    while (std::optional<std::string> line = editor_.read(prompt())) {
      if (!handle(*line)) break;
    }
    return kExitOk;
  }

 private:
  void connect() {
    if (Result<> done = session_.connect(); !done) {
      complain(done.error().message);
      return;
    }
    learn();
  }

  // Asks the server for its commands. A server that wants a password first is asked again later.
  void learn() {
    Result<Reply> docs = session_.execute({"COMMAND", "DOCS"});
    learnt_ = docs && !docs.value().is_error();
    if (learnt_) syntax_.learn(docs.value());
  }

  std::string prompt() const {
    if (!session_.connected()) return "not connected> ";
    return session_.where().text() + (session_.in_transaction() ? "(TX)> " : "> ");
  }

  // False: enough.
  bool handle(const std::string& line) {
    const Result<std::vector<std::string>> split = split_words(line);
    // As in shells, a space in front keeps a line out of the history.
    if (!line.empty() && line[0] != ' ' && !holds_secret(line)) editor_.remember(line);
    if (!split) {
      complain(split.error().message);
      return true;
    }
    const std::vector<std::string>& words = split.value();
    if (words.empty()) return true;
    if (equals_ignoring_case(words[0], "exit") || equals_ignoring_case(words[0], "quit")) {
      return false;
    }
    if (equals_ignoring_case(words[0], "clear") && words.size() == 1) {
      print("\x1b[H\x1b[2J");
    } else if (equals_ignoring_case(words[0], "help") || words[0] == "?") {
      help(words);
    } else {
      run_command(context_, session_, words);
      if (!learnt_ && session_.connected() && !session_.in_transaction()) learn();
    }
    return true;
  }

  void help(const std::vector<std::string>& words) const {
    if (words.size() == 1) return print(syntax_.overview());
    std::string name;
    for (std::size_t i = 1; i < words.size(); ++i) name += (i == 1 ? "" : " ") + words[i];
    const std::string text = syntax_.help(name);
    print(text.empty() ? "no such command: " + name + "\n" : text);
  }

  const Context& context_;
  DataSession session_;
  SyntaxBook syntax_;
  bool learnt_ = false;
  LineEditor editor_;
};

}  // namespace

int run_interactive(const Context& context) {
  return Interactive(context).run();
}

}  // namespace synchrodb::cli
