#include "net/commands/command_description.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace synchrodb::net {
namespace {

using namespace trait;

// What the engine's table does not say about its commands.
struct Detail {
  std::string_view name;
  std::uint32_t traits;
  std::string_view tips;
  std::string_view key_access;
};

constexpr Detail kDetails[] = {
    {"append", kStringCategory, "", "RW insert"},
    {"copy", kKeyspaceCategory, "", "RO access; OW update"},
    {"dbsize", kKeyspaceCategory, "request_policy:all_shards response_policy:agg_sum", ""},
    {"decr", kStringCategory, "", "RW access update"},
    {"decrby", kStringCategory, "", "RW access update"},
    {"del", kKeyspaceCategory, "request_policy:multi_shard response_policy:agg_sum", "RM delete"},
    {"discard", kNoScript | kLoading | kStale | kAllowBusy | kTransactionCategory, "", ""},
    {"echo", kLoading | kStale | kConnectionCategory, "", ""},
    {"exec", kNoScript | kLoading | kStale | kSkipSlowLog | kTransactionCategory, "", ""},
    {"exists", kKeyspaceCategory, "request_policy:multi_shard response_policy:agg_sum", "RO"},
    {"expire", kKeyspaceCategory, "", "RW update"},
    {"expireat", kKeyspaceCategory, "", "RW update"},
    {"expiretime", kKeyspaceCategory, "", "RO access"},
    {"flushall", kKeyspaceCategory | kDangerousCategory,
     "request_policy:all_shards response_policy:all_succeeded", ""},
    {"flushdb", kKeyspaceCategory | kDangerousCategory,
     "request_policy:all_shards response_policy:all_succeeded", ""},
    {"get", kStringCategory, "", "RO access"},
    {"getdel", kStringCategory, "", "RW access delete"},
    {"getex", kStringCategory, "", "RW access update"},
    {"getrange", kStringCategory, "", "RO access"},
    {"getset", kStringCategory, "", "RW access update"},
    {"incr", kStringCategory, "", "RW access update"},
    {"incrby", kStringCategory, "", "RW access update"},
    {"incrbyfloat", kStringCategory, "", "RW access update"},
    {"keys", kKeyspaceCategory | kDangerousCategory,
     "request_policy:all_shards nondeterministic_output_order", ""},
    {"mget", kStringCategory, "request_policy:multi_shard", "RO access"},
    {"mset", kStringCategory, "request_policy:multi_shard response_policy:all_succeeded",
     "OW update"},
    {"msetnx", kStringCategory, "request_policy:multi_shard response_policy:agg_min", "OW insert"},
    {"multi", kNoScript | kLoading | kStale | kAllowBusy | kTransactionCategory, "", ""},
    {"persist", kKeyspaceCategory, "", "RW update"},
    {"pexpire", kKeyspaceCategory, "", "RW update"},
    {"pexpireat", kKeyspaceCategory, "", "RW update"},
    {"pexpiretime", kKeyspaceCategory, "", "RO access"},
    {"ping", kConnectionCategory, "request_policy:all_shards response_policy:all_succeeded", ""},
    {"psetex", kStringCategory, "", "OW update"},
    {"pttl", kKeyspaceCategory, "nondeterministic_output", "RO access"},
    {"randomkey", kKeyspaceCategory, "request_policy:all_shards nondeterministic_output", ""},
    {"rename", kKeyspaceCategory, "", "RW access delete; OW update"},
    {"renamenx", kKeyspaceCategory, "", "RW access delete; OW insert"},
    {"scan", kKeyspaceCategory, "nondeterministic_output request_policy:special", ""},
    {"set", kStringCategory, "", "RW access update variable_flags"},
    {"setex", kStringCategory, "", "OW update"},
    {"setnx", kStringCategory, "", "OW insert"},
    {"setrange", kStringCategory, "", "RW update"},
    {"strlen", kStringCategory, "", "RO"},
    {"synchrodb.versions", kTransactionCategory, "", "RO"},
    {"touch", kKeyspaceCategory, "request_policy:multi_shard response_policy:agg_sum", "RO"},
    {"ttl", kKeyspaceCategory, "nondeterministic_output", "RO access"},
    {"type", kKeyspaceCategory, "", "RO"},
    {"unlink", kKeyspaceCategory, "request_policy:multi_shard response_policy:agg_sum",
     "RM delete"},
    {"unwatch", kNoScript | kLoading | kStale | kAllowBusy | kTransactionCategory, "", ""},
    {"watch", kNoScript | kLoading | kStale | kAllowBusy | kTransactionCategory, "", "RO"},
};
static_assert(std::is_sorted(std::begin(kDetails), std::end(kDetails),
                             [](const Detail& a, const Detail& b) { return a.name < b.name; }));

struct Word {
  std::uint32_t bits;
  std::string_view word;
};

constexpr Word kFlagWords[] = {
    {kWrite, "write"},      {kRead, "readonly"},        {kDenyOom, "denyoom"},
    {kAdmin, "admin"},      {kPubSub, "pubsub"},        {kNoScript, "noscript"},
    {kLoading, "loading"},  {kStale, "stale"},          {kSkipSlowLog, "skip_slowlog"},
    {kFast, "fast"},        {kNoAuth, "no_auth"},       {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"}, {kAllowBusy, "allow_busy"},
};

// "slow" is what is not fast.
constexpr Word kCategoryWords[] = {
    {kKeyspaceCategory, "keyspace"},
    {kRead, "read"},
    {kWrite, "write"},
    {0, "set"},
    {0, "sortedset"},
    {0, "list"},
    {0, "hash"},
    {kStringCategory, "string"},
    {0, "bitmap"},
    {0, "hyperloglog"},
    {0, "geo"},
    {0, "stream"},
    {kPubSub, "pubsub"},
    {kAdmin | kAdminCategory, "admin"},
    {kFast, "fast"},
    {0, "slow"},
    {0, "blocking"},
    {kDangerousCategory | kAdmin, "dangerous"},
    {kConnectionCategory, "connection"},
    {kTransactionCategory, "transaction"},
    {kScriptingCategory, "scripting"},
};

constexpr auto kCategories = [] {
  std::array<std::string_view, std::size(kCategoryWords)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kCategoryWords[i].word;
  return names;
}();

}  // namespace

CommandDescription describe(const CommandSpec& spec) {
  CommandDescription description{&spec, spec.flags, {}, {}, {}};
  const Detail* at = std::lower_bound(
      std::begin(kDetails), std::end(kDetails), spec.name,
      [](const Detail& detail, std::string_view name) { return detail.name < name; });
  if (at != std::end(kDetails) && at->name == spec.name) {
    description.traits |= at->traits;
    description.tips = at->tips;
    description.key_access = at->key_access;
  }
  return description;
}

CommandDescription describe(const ServerCommand& command) {
  return {&command.spec, command.traits, command.tips, command.key_access, command.subcommands};
}

std::optional<CommandDescription> find_description(std::string_view full_name) {
  const std::size_t bar = full_name.find('|');
  const std::string_view name = full_name.substr(0, bar);
  if (bar == std::string_view::npos) {
    if (const CommandSpec* spec = find_command(name)) return describe(*spec);
  }
  const ServerCommand* command = find_server_command(name);
  if (command != nullptr && bar != std::string_view::npos) {
    command = find_subcommand(*command, full_name.substr(bar + 1));
  }
  if (command == nullptr) return std::nullopt;
  return describe(*command);
}

std::vector<CommandDescription> all_descriptions() {
  std::vector<CommandDescription> all;
  for (const CommandSpec& spec : command_table()) all.push_back(describe(spec));
  for (const ServerCommand* command : server_commands()) all.push_back(describe(*command));
  std::sort(all.begin(), all.end(), [](const CommandDescription& a, const CommandDescription& b) {
    return a.spec->name < b.spec->name;
  });
  return all;
}

std::vector<std::string_view> flag_names(const CommandDescription& command) {
  std::vector<std::string_view> names;
  for (const Word& flag : kFlagWords) {
    if (command.has(flag.bits)) names.push_back(flag.word);
  }
  return names;
}

std::vector<std::string_view> category_names(const CommandDescription& command) {
  std::vector<std::string_view> names;
  for (const Word& category : kCategoryWords) {
    const bool slow = category.word == "slow" && !command.has(kFast);
    if (slow || command.has(category.bits)) names.push_back(category.word);
  }
  return names;
}

std::span<const std::string_view> all_categories() {
  return kCategories;
}

std::vector<std::vector<std::string_view>> key_access_flags(const CommandDescription& command) {
  std::vector<std::vector<std::string_view>> flags;
  for (const std::string_view one : split(command.key_access, "; ")) {
    flags.push_back(split(one, " "));
  }
  return flags;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + separator.size());
  }
  return parts;
}

}  // namespace synchrodb::net
