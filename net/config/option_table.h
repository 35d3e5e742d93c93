// The one list of what can be configured. Flags, environment variables, the TOML file, --help, the
// sample file, CONFIG GET and CONFIG SET all follow from it; defaults come from ServerOptions.
//
// An option has one name everywhere: `port` is --port, SYNCHRODB_PORT, `port` in the table
// [network] of the file, and CONFIG GET port.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/config/option_value.h"
#include "net/config/server_options.h"

namespace synchrodb::net {

// In the order in which they are shown; option_groups() describes them in the same order.
enum class OptionGroup : std::uint8_t {
  kNode,
  kCluster,
  kNetwork,
  kSecurity,
  kTls,
  kRequests,
  kLimits,
  kLogging,
  kMonitoring,
  kConsensus,
  kStorage,
  kTesting,
};

struct GroupSpec {
  OptionGroup group;
  std::string_view table;  // its name in the TOML file
  std::string_view title;
};

// How an option reaches its field in ServerOptions. `write` may find a value unfit that is of the
// right kind (an address without a port): then nothing has changed.
struct FieldAccess {
  Result<> (*write)(ServerOptions& options, const OptionValue& value);
  OptionValue (*read)(const ServerOptions& options);
};

struct OptionSpec {
  std::string_view name;
  OptionGroup group;
  ValueDomain domain;
  FieldAccess field;
  // What the value "auto" comes to; null where domain.automatic is false.
  std::int64_t (*resolve)(const ServerOptions& options) = nullptr;
  std::string_view unit = {};  // "ms"; empty for plain numbers and for everything else
  bool runtime = false;        // CONFIG SET may change it
  bool secret = false;         // never in logs and error messages
  bool for_operators = false;  // none of Redis clients' business: CONFIG GET shows no value
  std::string_view example = {};
  std::string_view help = {};  // no capital at the beginning, no full stop at the end
};

std::span<const OptionSpec> option_table();
std::span<const GroupSpec> option_groups();
const GroupSpec& group_spec(OptionGroup group);

// Null for an unknown name. Case matters only where the caller says so: flags and files spell names
// exactly, CONFIG does not care.
const OptionSpec* find_option(std::string_view name);
const OptionSpec* find_option_ignoring_case(std::string_view name);
// The best guess at what was meant; empty if nothing is near.
std::string_view nearest_option(std::string_view name);

// Parses and assigns. The error is a sentence without the option's name, for --port, environment
// and file alike: "'x' is not an integer from 0 to 65535". Secret values are not repeated in it.
Result<> set_option(ServerOptions& options, const OptionSpec& spec, std::string_view text);

// Assigns a value of the right kind, within its bounds. The same errors.
Result<> set_option_value(ServerOptions& options, const OptionSpec& spec, const OptionValue& value);

// The value in its text form; "auto" stays "auto".
std::string option_text(const ServerOptions& options, const OptionSpec& spec);
// The same with "auto" replaced by what it comes to: what CONFIG GET shows.
std::string effective_text(const ServerOptions& options, const OptionSpec& spec);
OptionValue default_value(const OptionSpec& spec);

// "SYNCHRODB_RPC_PORT" for rpc-port.
std::string environment_name(const OptionSpec& spec);

}  // namespace synchrodb::net
