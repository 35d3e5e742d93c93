// `synchrodb-cli cluster WORD …`
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>

#include "cmd/cli/cluster/operator.h"

namespace synchrodb::cli {

// Runs `words` (is_administration() holds), prints, and returns the exit code.
int run_administration(const Context& context, std::span<const std::string> words);

// Each adds its words to `cluster`; the one that is parsed runs and sets `exit_code`. All must live
// as long as `cluster`.
void add_view_words(CLI::App& cluster, Operator& op, int& exit_code);  // status, members, wait …
void add_change_words(CLI::App& cluster, Operator& op, int& exit_code);  // add, remove …
void add_backup_words(CLI::App& cluster, Operator& op, int& exit_code);
void add_fault_words(CLI::App& cluster, Operator& op, int& exit_code);

// A word of the table in words.h, with its summary and the flags that all have. `name` as there.
CLI::App* add_word(CLI::App& parent, Operator& op, const std::string& name);

}  // namespace synchrodb::cli
