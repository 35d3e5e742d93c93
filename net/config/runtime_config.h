// The configuration of a running server: what CONFIG GET shows and CONFIG SET changes.
//
// Belongs to the server's loop, like everything that listens to it; does no I/O and never parks.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/config/server_options.h"

namespace synchrodb::net {

struct OptionSpec;
struct RedisParameter;

class RuntimeConfig {
 public:
  // `now` are the options after a change.
  using Listener = std::function<void(const ServerOptions& now)>;
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  // The options must be valid (validate.h).
  explicit RuntimeConfig(ServerOptions options);
  RuntimeConfig(const RuntimeConfig&) = delete;
  RuntimeConfig& operator=(const RuntimeConfig&) = delete;

  // Changes when set() does; keep the reference, not a copy.
  const ServerOptions& options() const { return options_; }

  // Names and values of the options and Redis parameters that a pattern matches, without regard to
  // case, each once. A pattern without * ? [ is a name, and comes back as it was spelled. Patterns
  // of more than 1 KiB match nothing. Values that follow from others are shown as what they come
  // to; the password of Redis clients is shown, as Redis does, but that of operators is empty.
  Pairs get(std::span<const std::string> patterns) const;

  // `assignments`: name, value, name, value …, an even number. All or nothing; listeners have run
  // when it returns. The error is Redis' text, without the "ERR " before it.
  Result<> set(std::span<const std::string> assignments);

  // Calls `listener` after each set() that changed the option's value; a name that is not in
  // option_table(), or that CONFIG SET may not change, is a defect of the caller. The listener must
  // not call set(), and may be called as long as this object lives.
  void on_change(std::string_view option, Listener listener);

 private:
  struct Change;
  using Remembered = std::map<std::string_view, std::string>;  // keys are names of the table

  Result<std::vector<Change>> find_targets(std::span<const std::string> assignments) const;
  std::string current_value(const RedisParameter& parameter) const;
  void notify(const ServerOptions& before) const;

  ServerOptions options_;
  Remembered remembered_;  // Redis parameters that CONFIG SET has set
  std::vector<std::pair<const OptionSpec*, Listener>> listeners_;
};

}  // namespace synchrodb::net
