#include "net/config/config_command.h"

#include <span>
#include <string_view>

#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "net/config/option_table.h"
#include "net/config/redis_parameters.h"

namespace synchrodb::net {
namespace {

using Arguments = std::span<const std::string>;

Reply get(const RuntimeConfig& config, Arguments patterns) {
  std::vector<Reply> elements;
  for (auto& [name, value] : config.get(patterns)) {
    elements.push_back(Reply::bulk(std::move(name)));
    elements.push_back(Reply::bulk(std::move(value)));
  }
  return Reply::map(std::move(elements));
}

Reply set(RuntimeConfig& config, Arguments assignments) {
  if (assignments.size() % 2 != 0) return errors::syntax();
  if (Result<> done = config.set(assignments); !done) {
    return Reply::error("ERR " + done.error().message);
  }
  return Reply::ok();
}

Reply help() {
  std::vector<Reply> lines;
  for (const char* line :
       {"CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>", "    Set the configuration <directive> to <value>.", "RESETSTAT",
        "    Reset statistics reported by the INFO command.", "REWRITE",
        "    Rewrite the configuration file.", "HELP", "    Prints this help."}) {
    lines.push_back(Reply::status(line));
  }
  return Reply::array(std::move(lines));
}

Reply unknown_subcommand(std::string_view name) {
  std::string text = "ERR unknown subcommand '";
  for (const char c : name.substr(0, 128)) text.push_back(c == '\r' || c == '\n' ? ' ' : c);
  return Reply::error(text + "'. Try CONFIG HELP.");
}

}  // namespace

Reply config_command(RuntimeConfig& config, const std::vector<std::string>& argv,
                     const std::function<void()>& reset_statistics) {
  if (argv.size() < 2) return errors::wrong_arity("config");
  const std::string_view subcommand = argv[1];
  const Arguments arguments = Arguments(argv).subspan(2);
  const auto is = [subcommand](std::string_view name) {
    return equals_ignoring_case(subcommand, name);
  };
  if (is("get")) {
    return arguments.empty() ? errors::wrong_arity("config|get") : get(config, arguments);
  }
  if (is("set")) {
    return arguments.size() < 2 ? errors::wrong_arity("config|set") : set(config, arguments);
  }
  if (is("resetstat")) {
    if (!arguments.empty()) return errors::wrong_arity("config|resetstat");
    reset_statistics();
    return Reply::ok();
  }
  if (is("rewrite")) {
    if (!arguments.empty()) return errors::wrong_arity("config|rewrite");
    return Reply::error(
        "ERR Rewriting config file: not supported, edit the file; CONFIG SET lasts until the "
        "server stops");
  }
  if (is("help")) return arguments.empty() ? help() : errors::wrong_arity("config|help");
  return unknown_subcommand(subcommand);
}

std::vector<std::size_t> secret_arguments(const std::vector<std::string>& argv) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 2; i + 1 < argv.size(); i += 2) {
    const OptionSpec* spec = find_option_ignoring_case(argv[i]);
    const RedisParameter* parameter = find_redis_parameter_ignoring_case(argv[i]);
    const bool secret =
        (spec != nullptr && spec->secret) || (parameter != nullptr && parameter->secret);
    if (secret) positions.push_back(i + 1);
  }
  return positions;
}

}  // namespace synchrodb::net
