#include "cmd/sim/check_object_command.h"

#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/check/objects/check_objects.h"
#include "sim/check/objects/read_objects.h"

namespace synchrodb::sim {
namespace {

// Empty, or what is wrong with --initial.
std::string take_initial(const CheckArguments& arguments, check::ObjectModel model,
                         check::ObjectOptions* options) {
  if (arguments.initial_option->count() == 0) return "";
  if (model != check::ObjectModel::kCounter && model != check::ObjectModel::kBank) {
    return "a " + arguments.model + " starts empty (see --initial)";
  }
  std::int64_t number = 0;
  const char* end = arguments.initial.data() + arguments.initial.size();
  const auto parsed = std::from_chars(arguments.initial.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return "a " + arguments.model + " starts with an integer, not \"" + arguments.initial +
           "\" (see --initial)";
  }
  options->initial = number;
  return "";
}

}  // namespace

bool is_object_model(std::string_view model) {
  return check::parse_object_model(model).has_value();
}

int check_object_file(const CheckArguments& arguments) {
  const check::ObjectModel model = *check::parse_object_model(arguments.model);
  check::ObjectOptions options;
  std::string error = take_initial(arguments, model, &options);
  if (error.empty() && arguments.dialect != "auto") {
    error = "a " + arguments.model + " knows no dialects (see --dialect)";
  }
  if (!error.empty()) return refuse_input(arguments.path, error);
  std::optional<std::string> bytes = read_input(arguments.path);
  if (!bytes) return kExitBadInput;
  const check::ObjectsResult read =
      check::read_objects(*bytes, model, *check::parse_format(arguments.format));
  bytes.reset();
  if (!read.error.empty()) return refuse_input(arguments.path, read.error + model_hint(arguments));
  const check::ObjectJudgement judgement = check::check_objects(read.history, options);
  if (arguments.json) {
    nlohmann::ordered_json out = {{"history", arguments.path},
                                  {"model", arguments.model},
                                  {"format", check::name(read.format)}};
    out.update(check::to_json(read.history, judgement));
    std::cout << out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  } else {
    std::cout << check::name(judgement.verdict) << ": " << arguments.path << "\n"
              << check::to_text(read.history, judgement);
  }
  return check_exit_code(judgement.verdict);
}

}  // namespace synchrodb::sim
