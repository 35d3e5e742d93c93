#include "cmd/cli/cluster/commands.h"

#include <algorithm>
#include <vector>

#include "cmd/cli/cluster/words.h"
#include "cmd/cli/exit_codes.h"

namespace synchrodb::cli {

CLI::App* add_word(CLI::App& parent, Operator& op, const std::string& name) {
  std::string summary;
  for (const ClusterWord& word : cluster_words()) {
    if (word.name == name) summary = word.summary;
  }
  SYNCHRODB_ASSERT(!summary.empty(), "a word that the table does not know");
  CLI::App* word = parent.add_subcommand(name.substr(name.rfind(' ') + 1), summary);
  op.add_flags(*word);
  return word;
}

int run_administration(const Context& context, std::span<const std::string> words) {
  Operator op(context);
  int exit_code = kExitOk;
  CLI::App app{"Administration of a cluster.", "synchrodb-cli"};
  CLI::App* cluster = app.add_subcommand("cluster", "administration");
  cluster->require_subcommand(1);
  add_view_words(*cluster, op, exit_code);
  add_change_words(*cluster, op, exit_code);
  add_backup_words(*cluster, op, exit_code);
  add_fault_words(*cluster, op, exit_code);
  // What an operator may look for here, and must do where the data is.
  for (const char* name : {"restore", "recover"}) {
    cluster->add_subcommand(name, "see `synchrodb-server " + std::string(name) + " --help`")
        ->allow_extras()
        ->callback([&op, &exit_code, name] {
          exit_code = op.misuse("cluster " + std::string(name) +
                                " works on the data folder of a server that is stopped: "
                                "`synchrodb-server " +
                                name + "`");
        });
  }
  // CLI11 takes the words from the back.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_code;
}

}  // namespace synchrodb::cli
