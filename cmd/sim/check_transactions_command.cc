#include "cmd/sim/check_transactions_command.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/read_transactions.h"
#include "sim/check/transactions/report.h"

namespace synchrodb::sim {
namespace {

std::optional<check::TransactionKind> parse_kind(std::string_view model) {
  if (model == "list-append") return check::TransactionKind::kListAppend;
  if (model == "rw-register") return check::TransactionKind::kRwRegister;
  return std::nullopt;
}

void print(const CheckArguments& arguments, const check::TransactionsResult& read,
           const check::TransactionOptions& options, const check::TransactionJudgement& judgement) {
  if (!arguments.json) {
    std::cout << check::name(judgement.verdict) << ": " << arguments.path << "\n"
              << check::to_text(read.history, options, judgement);
    return;
  }
  nlohmann::ordered_json out = {{"history", arguments.path},
                                {"model", arguments.model},
                                {"format", check::name(read.format)}};
  out.update(check::to_json(read.history, options, judgement));
  std::cout << out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace

bool is_transaction_model(std::string_view model) {
  return parse_kind(model).has_value();
}

std::string consistency_models() {
  std::string all;
  for (std::size_t i = 0; i < check::kConsistencyModels; ++i) {
    const auto model = static_cast<check::ConsistencyModel>(i);
    all += (all.empty() ? "" : ", ") + std::string(check::name(model));
  }
  return all;
}

int check_transactions_file(const CheckArguments& arguments) {
  const auto required = check::parse_consistency_model(arguments.consistency);
  if (!required) {
    return refuse_input(arguments.path, "no consistency model is called \"" +
                                            arguments.consistency +
                                            "\" (known: " + consistency_models() + ")");
  }
  if (arguments.dialect != "auto" && arguments.dialect != "elle") {
    return refuse_input(arguments.path, "transactions know no dialect but elle (see --dialect)");
  }
  if (arguments.initial_option->count() > 0) {
    return refuse_input(arguments.path, "transactions start with nothing (see --initial)");
  }
  std::optional<std::string> bytes = read_input(arguments.path);
  if (!bytes) return kExitBadInput;
  const check::TransactionsResult read = check::read_transactions(
      *bytes, *parse_kind(arguments.model), *check::parse_format(arguments.format));
  bytes.reset();
  if (!read.error.empty()) return refuse_input(arguments.path, read.error + model_hint(arguments));
  check::TransactionOptions options;
  options.required = *required;
  options.steps = arguments.steps;
  options.memory_bytes = arguments.memory_mib << 20;
  if (arguments.dialect == "elle") options = check::elle_dialect(options);
  const check::TransactionJudgement judgement = check::check_transactions(read.history, options);
  print(arguments, read, options, judgement);
  return check_exit_code(judgement.verdict);
}

}  // namespace synchrodb::sim
