#include "net/config/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "net/config/option_documents.h"
#include "net/config/option_table.h"
#include "net/config/toml_file.h"
#include "net/config/validate.h"

namespace synchrodb::net {
namespace {

constexpr std::string_view kPrefix = "SYNCHRODB_";
constexpr std::string_view kConfigVariable = "SYNCHRODB_CONFIG";

struct Flags {
  std::vector<std::pair<const OptionSpec*, std::string>> values;
  std::optional<std::string> config;
  bool help = false;
  bool print_config = false;
  bool version = false;
};

Error invalid(std::string why) {
  return {ErrorCode::kInvalid, std::move(why)};
}

Error unexpected_argument(const std::string& argument) {
  if (!argument.starts_with("--")) {
    return invalid("'" + argument.substr(0, 100) + "' is not expected here; see --help");
  }
  const std::string name = argument.substr(2, argument.find('=') - 2);
  const std::string_view nearest = nearest_option(name);
  return invalid("--" + name.substr(0, 100) + ": no such option; " +
                 (nearest.empty() ? "see --help" : "did you mean --" + std::string(nearest) + "?"));
}

Result<Flags> read_flags(std::span<const std::string> arguments) {
  Flags flags;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("--help,-h", flags.help);
  app.add_flag("--print-config", flags.print_config);
  app.add_flag("--version", flags.version);
  app.add_option("--config", flags.config);
  for (const OptionSpec& spec : option_table()) {
    const bool is_switch = spec.domain.kind == ValueKind::kSwitch;
    app.add_option_function<std::vector<std::string>>(
           "--" + std::string(spec.name),
           [&flags, &spec](const std::vector<std::string>& given) {
             // A switch that stands alone: CLI11 then passes an empty text.
             const bool bare = spec.domain.kind == ValueKind::kSwitch && given.front().empty();
             flags.values.emplace_back(&spec, bare ? "yes" : given.front());
           })
        ->expected(is_switch ? 0 : 1, 1)
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Error& error) {
    return invalid(error.what());
  }
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    return unexpected_argument(extras.front());
  }
  // Perhaps of a variable that is not set: with the defaults, it would be another server.
  if (flags.config && flags.config->empty()) return invalid("--config: must name a file");
  return flags;
}

// The SYNCHRODB_… variables, by name; the last one of a name counts.
std::map<std::string, std::string> own_variables(std::span<const std::string> environment) {
  std::map<std::string, std::string> variables;
  for (const std::string& line : environment) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || !line.starts_with(kPrefix)) continue;
    variables[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return variables;
}

Result<> apply_variables(std::map<std::string, std::string> variables, Invocation& invocation) {
  variables.erase(std::string(kConfigVariable));
  for (const OptionSpec& spec : option_table()) {
    const auto found = variables.extract(environment_name(spec));
    if (!found) continue;
    // Kubernetes gives every pod such a variable for a service that is called synchrodb.
    if (spec.name == "port" && found.mapped().starts_with("tcp://")) {
      invocation.notes.push_back("environment variable " + found.key() +
                                 " describes a service (tcp://), and is ignored");
      continue;
    }
    if (Result<> set = set_option(invocation.options, spec, found.mapped()); !set) {
      return invalid("environment variable " + found.key() + ": " + set.error().message);
    }
  }
  for (const auto& [name, value] : variables) {
    invocation.notes.push_back("environment variable " + name + " is no option, and ignored");
  }
  return {};
}

Result<> apply_flags(const Flags& flags, ServerOptions& options) {
  for (const auto& [spec, text] : flags.values) {
    if (Result<> set = set_option(options, *spec, text); !set) {
      return invalid("--" + std::string(spec->name) + ": " + set.error().message);
    }
  }
  return {};
}

// What would end a message too early, or move a terminal's cursor. Not the end of a line: messages
// may have several.
std::string printable(std::string_view message) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && c != '\n') || byte == 0x7f) {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      text += c;
    }
  }
  return text;
}

Result<Invocation> read_all(std::span<const std::string> arguments,
                            std::span<const std::string> environment, std::string_view version) {
  Result<Flags> read = read_flags(arguments);
  if (!read) return read.error();
  const Flags& flags = read.value();
  Invocation invocation;
  if (flags.help) invocation.print = help_text();
  if (flags.version) invocation.print = "synchrodb-server " + std::string(version) + "\n";
  if (flags.print_config) invocation.print = sample_file();
  if (!invocation.print.empty()) return invocation;

  const std::map<std::string, std::string> variables = own_variables(environment);
  if (flags.config) {
    invocation.config_file = *flags.config;
  } else if (const auto variable = variables.find(std::string(kConfigVariable));
             variable != variables.end()) {
    invocation.config_file = variable->second;
  }
  if (!invocation.config_file.empty()) {
    if (Result<> ok = apply_toml_file(invocation.config_file, invocation.options); !ok) {
      return ok.error();
    }
  }
  if (Result<> ok = apply_variables(variables, invocation); !ok) return ok.error();
  if (Result<> ok = apply_flags(flags, invocation.options); !ok) return ok.error();
  if (Result<> ok = validate(invocation.options); !ok) return ok.error();
  for (std::string& sentence : advice(invocation.options)) {
    invocation.notes.push_back(std::move(sentence));
  }
  return invocation;
}

}  // namespace

Result<Invocation> read_invocation(std::span<const std::string> arguments,
                                   std::span<const std::string> environment,
                                   std::string_view version) {
  Result<Invocation> read = read_all(arguments, environment, version);
  if (!read) return Error{read.error().code, printable(read.error().message)};
  return read;
}

}  // namespace synchrodb::net
