#include "net/config/runtime_config.h"

#include <algorithm>
#include <set>

#include "consensus/assert.h"
#include "engine/kv/ascii.h"
#include "engine/kv/glob.h"
#include "net/config/option_table.h"
#include "net/config/output_limit.h"
#include "net/config/redis_parameters.h"
#include "net/config/validate.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kMaxPatternBytes = 1024;
constexpr std::size_t kMaxNameInError = 128;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// An error is one line of the protocol.
std::string one_line(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return result;
}

Error failed(std::string_view name, const std::string& why) {
  return {ErrorCode::kInvalid, "CONFIG SET failed (possibly related to argument '" +
                                   one_line(name.substr(0, kMaxNameInError)) + "') - " +
                                   one_line(why)};
}

Error unknown(std::string_view name) {
  return {ErrorCode::kInvalid, "Unknown option or number of arguments for CONFIG SET - '" +
                                   one_line(name.substr(0, kMaxNameInError)) + "'"};
}

const RedisParameter& kept_as(const RedisParameter& parameter) {
  if (parameter.same_as.empty()) return parameter;
  const RedisParameter* kept = find_redis_parameter_ignoring_case(parameter.same_as);
  SYNCHRODB_ASSERT(kept != nullptr, "a Redis parameter renamed to one that does not exist");
  return *kept;
}

}  // namespace

// One assignment, its name resolved: exactly one of the two pointers is set.
struct RuntimeConfig::Change {
  const OptionSpec* option = nullptr;
  const RedisParameter* parameter = nullptr;
  std::string_view name;
  std::string_view text;
};

RuntimeConfig::RuntimeConfig(ServerOptions options) : options_(std::move(options)) {}

std::string RuntimeConfig::current_value(const RedisParameter& parameter) const {
  const RedisParameter& kept = kept_as(parameter);
  const auto found = remembered_.find(kept.name);
  return found == remembered_.end() ? std::string(kept.standard) : found->second;
}

RuntimeConfig::Pairs RuntimeConfig::get(std::span<const std::string> patterns) const {
  Pairs pairs;
  std::set<std::string_view> taken;
  for (const std::string& pattern : patterns) {
    if (pattern.size() > kMaxPatternBytes) continue;
    const bool by_pattern = is_pattern(pattern);
    const std::string wanted = lower(pattern);
    const auto wants = [&](std::string_view name) {
      return (by_pattern ? glob_match(wanted, name) : wanted == name) && taken.insert(name).second;
    };
    const auto shown = [&](std::string_view name) {
      return by_pattern ? std::string(name) : pattern;
    };
    for (const OptionSpec& spec : option_table()) {
      if (!wants(spec.name)) continue;
      pairs.emplace_back(shown(spec.name),
                         spec.for_operators ? "" : effective_text(options_, spec));
    }
    for (const RedisParameter& parameter : redis_parameters()) {
      if (wants(parameter.name))
        pairs.emplace_back(shown(parameter.name), current_value(parameter));
    }
  }
  return pairs;
}

// In Redis' order: the first argument that is unknown, immutable or repeated decides.
Result<std::vector<RuntimeConfig::Change>> RuntimeConfig::find_targets(
    std::span<const std::string> assignments) const {
  std::vector<Change> changes;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i + 1 < assignments.size(); i += 2) {
    const std::string& name = assignments[i];
    Change change;
    change.text = assignments[i + 1];
    change.option = find_option_ignoring_case(name);
    if (change.option == nullptr) {
      change.parameter = find_redis_parameter_ignoring_case(name);
      if (change.parameter == nullptr) return unknown(name);
    }
    change.name = change.option != nullptr ? change.option->name : change.parameter->name;
    const bool fixed = change.option != nullptr ? !change.option->runtime : change.parameter->fixed;
    if (fixed) return failed(name, "can't set immutable config");
    if (!seen.insert(change.name).second) return failed(name, "duplicate parameter");
    changes.push_back(change);
  }
  return changes;
}

Result<> RuntimeConfig::set(std::span<const std::string> assignments) {
  SYNCHRODB_ASSERT(assignments.size() % 2 == 0, "names and values come in pairs");
  Result<std::vector<Change>> found = find_targets(assignments);
  if (!found) return found.error();
  ServerOptions changed = options_;
  Remembered remembered = remembered_;
  for (const Change& change : found.value()) {
    const ValueDomain& domain =
        change.option != nullptr ? change.option->domain : kept_as(*change.parameter).domain;
    Result<OptionValue> value = change.name == kOutputLimitOption
                                    ? parse_output_limit(domain, change.text, changed)
                                    : parse_value(domain, change.text);
    if (!value) return failed(change.name, value.error().message);
    if (change.parameter != nullptr) {
      remembered[kept_as(*change.parameter).name] = value_text(domain, value.value());
      continue;
    }
    Result<> set = set_option_value(changed, *change.option, value.value());
    if (!set) return failed(change.name, set.error().message);
  }
  if (Result<> valid = validate(changed); !valid) {
    return failed(found.value().front().name, valid.error().message);
  }
  std::swap(options_, changed);
  remembered_ = std::move(remembered);
  notify(changed);
  return {};
}

void RuntimeConfig::notify(const ServerOptions& before) const {
  for (const auto& [option, listener] : listeners_) {
    if (option->field.read(before) != option->field.read(options_)) listener(options_);
  }
}

void RuntimeConfig::on_change(std::string_view option, Listener listener) {
  const OptionSpec* spec = find_option(option);
  SYNCHRODB_ASSERT(spec != nullptr && spec->runtime, "listens to an option that never changes");
  listeners_.emplace_back(spec, std::move(listener));
}

}  // namespace synchrodb::net
