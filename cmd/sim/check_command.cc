#include "cmd/sim/check_command.h"

#include <charconv>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cmd/sim/check_input.h"
#include "cmd/sim/check_object_command.h"
#include "cmd/sim/check_transactions_command.h"
#include "sim/check/check.h"
#include "sim/check/read.h"
#include "sim/check/write.h"

namespace synchrodb::sim {
namespace {

// "nil", an integer, or a string (quotes around it are optional).
check::Value parse_initial(std::string word, check::History& history) {
  if (word == "nil" || word == "null" || word == "absent") return check::Value::absent();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (!word.empty() && error == std::errc() && end == word.data() + word.size()) {
    return check::Value::integer(number);
  }
  if (word.size() >= 2 && word.front() == '"' && word.back() == '"') {
    word = word.substr(1, word.size() - 2);
  }
  return history.text(word);
}

check::Value initial_or_default(const check::Options& options) {
  if (options.initial) return *options.initial;
  const bool zero =
      options.dialect == check::Dialect::kKnossos && options.model != check::Model::kKeyValue;
  return zero ? check::Value::integer(0) : check::Value::absent();
}

nlohmann::json to_json(const CheckArguments& arguments, const check::ReadResult& read,
                       const check::Options& options, const check::Judgement& judgement) {
  const check::History& history = read.history;
  const std::size_t failed =
      history.count(check::Outcome::kFail) + history.count(check::Outcome::kRefused);
  nlohmann::json out = {
      {"history", arguments.path},
      {"verdict", check::name(judgement.verdict)},
      {"model", check::name(options.model)},
      {"dialect", check::name(options.dialect)},
      {"format", check::name(read.format)},
      {"operations",
       {{"ok", history.count(check::Outcome::kOk)},
        {"fail", failed},
        {"info", history.count(check::Outcome::kInfo)}}},
      {"keys", judgement.keys},
      {"algorithm", check::name(judgement.algorithm)},
      {"steps", judgement.steps},
  };
  if (options.model != check::Model::kMutex) {
    out["initial"] = check::to_edn(history, initial_or_default(options));
  }
  if (judgement.key) {
    const bool named = *judgement.key != check::kOnlyKey;
    out["key"] = named ? nlohmann::json(check::to_edn(history, history.key_name(*judgement.key)))
                       : nlohmann::json();
  }
  if (!judgement.exhausted.empty()) out["exhausted"] = judgement.exhausted;
  if (judgement.contradiction) {
    const check::Contradiction& found = *judgement.contradiction;
    out["contradiction"] = {{"operations", found.operations.size()},
                            {"minimal", found.minimal},
                            {"words", found.words},
                            {"edn", found.edn}};
  }
  return out;
}

void print_text(const CheckArguments& arguments, const check::ReadResult& read,
                const check::Options& options, const check::Judgement& judgement) {
  const check::History& history = read.history;
  std::cout << check::name(judgement.verdict) << ": " << arguments.path << "\n"
            << "  " << history.size() << " operations on " << judgement.keys
            << (judgement.keys == 1 ? " key" : " keys") << ", " << check::name(read.format)
            << "; model " << check::name(options.model) << ", dialect "
            << check::name(options.dialect);
  if (options.model != check::Model::kMutex) {
    std::cout << ", initially " << check::to_edn(history, initial_or_default(options));
  }
  std::cout << "\n  decided by " << check::name(judgement.algorithm) << " in " << judgement.steps
            << " steps\n";
  if (!judgement.exhausted.empty()) {
    std::cout << "  exhausted: " << judgement.exhausted << "\n";
  }
  if (judgement.key && *judgement.key != check::kOnlyKey) {
    std::cout << "  key " << check::to_edn(history, history.key_name(*judgement.key)) << "\n";
  }
  if (!judgement.contradiction) return;
  const check::Contradiction& found = *judgement.contradiction;
  const std::size_t count = found.operations.size();
  std::cout << "\n"
            << count << (count == 1 ? " operation cannot be" : " operations cannot all be")
            << " explained" << (found.minimal ? "" : " (not minimal: the limits ended the search)")
            << ":\n"
            << found.words << "\n\nAs EDN:\n"
            << found.edn;
}

int run(const CheckArguments& arguments) {
  if (is_transaction_model(arguments.model)) return check_transactions_file(arguments);
  if (is_object_model(arguments.model)) return check_object_file(arguments);
  if (arguments.dialect == "elle") {
    return refuse_input(arguments.path, "the dialect elle is one of transactions (see --model)");
  }
  std::optional<std::string> bytes = read_input(arguments.path);
  if (!bytes) return kExitBadInput;
  check::ReadResult read = check::read_history(*bytes, *check::parse_format(arguments.format));
  bytes.reset();
  if (!read.error.empty()) return refuse_input(arguments.path, read.error + model_hint(arguments));
  check::Options options;
  options.model = arguments.model == "auto" ? *read.model : *check::parse_model(arguments.model);
  options.dialect =
      arguments.dialect == "auto" ? *read.dialect : *check::parse_dialect(arguments.dialect);
  options.initial = read.initial;
  if (arguments.initial_option->count() > 0) {
    options.initial = parse_initial(arguments.initial, read.history);
  }
  options.limits.steps = arguments.steps;
  options.limits.memory_bytes = arguments.memory_mib << 20;
  const std::string error = check::unsupported(read.history, options.model);
  if (!error.empty()) return refuse_input(arguments.path, error + " (see --model)");
  const check::Judgement judgement = check::check(read.history, options);
  if (arguments.json) {
    std::cout << to_json(arguments, read, options, judgement)
                     .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
              << "\n";
  } else {
    print_text(arguments, read, options, judgement);
  }
  return check_exit_code(judgement.verdict);
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command =
      app.add_subcommand("check", "Judge a history: is it linearizable, serializable, …?")
          ->fallthrough(false);
  command->add_option("history", arguments->path, "File of the history; - for standard input")
      ->required();
  command
      ->add_option("--model", arguments->model,
                   "What the operations act on (auto: register, cas-register, mutex or kv, by the "
                   "file's label or its operations); list-append and rw-register: transactions")
      ->check(CLI::IsMember({"auto", "register", "cas-register", "mutex", "kv", "list-append",
                             "rw-register", "set", "queue", "counter", "bank"}))
      ->capture_default_str();
  command
      ->add_option(
          "--consistency", arguments->consistency,
          "Of transactions: the consistency model that is promised, from weak to strong: " +
              consistency_models())
      ->capture_default_str();
  command
      ->add_option("--dialect", arguments->dialect,
                   "knossos: failed operations are dropped, a nil read constrains nothing, the "
                   "register starts at 0; jepsen-log: a failed cas saw another value, a nil read "
                   "saw none, the register starts absent (auto: by the label; EDN of registers "
                   "is knossos, everything else jepsen-log). Of transactions, elle: a "
                   "value that nobody wrote says nothing, and registers go through their values in "
                   "any order")
      ->check(CLI::IsMember({"auto", "knossos", "jepsen-log", "elle"}))
      ->capture_default_str();
  arguments->initial_option = command->add_option(
      "--initial", arguments->initial,
      "Value before the first operation: nil, an integer or a string (default: the dialect's)");
  command->add_option("--format", arguments->format, "How the file is written")
      ->check(CLI::IsMember({"auto", "edn", "jepsen-log", "jsonl"}))
      ->capture_default_str();
  command
      ->add_option("--steps", arguments->steps,
                   "What a search may take: configurations of each key, edges of each "
                   "cyclic component")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--memory", arguments->memory_mib,
                   "MiB that a search may take; of transactions, that dependencies may")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print a JSON object");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace synchrodb::sim
