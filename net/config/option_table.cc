#include "net/config/option_table.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "consensus/assert.h"
#include "engine/kv/ascii.h"
#include "net/config/option_rows.h"

namespace synchrodb::net {
namespace {

constexpr std::array kGroups{
    GroupSpec{OptionGroup::kNode, "node", "This node"},
    GroupSpec{OptionGroup::kCluster, "cluster", "How the cluster comes about"},
    GroupSpec{OptionGroup::kNetwork, "network", "Addresses and ports"},
    GroupSpec{OptionGroup::kSecurity, "security", "Passwords"},
    GroupSpec{OptionGroup::kTls, "tls", "TLS"},
    GroupSpec{OptionGroup::kRequests, "requests", "How commands are served"},
    GroupSpec{OptionGroup::kLimits, "limits", "Limits"},
    GroupSpec{OptionGroup::kLogging, "logging", "What the server writes about itself"},
    GroupSpec{OptionGroup::kMonitoring, "monitoring", "Slow commands"},
    GroupSpec{OptionGroup::kConsensus, "consensus", "Consensus (Raft)"},
    GroupSpec{OptionGroup::kStorage, "storage", "Log and snapshots on disk"},
    GroupSpec{OptionGroup::kTesting, "testing", "For tests only"},
};

// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::span<const OptionSpec> option_table() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> rows;
    for (const auto part : {access_option_rows(), service_option_rows(), engine_option_rows()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    return rows;
  }();
  return table;
}

std::span<const GroupSpec> option_groups() {
  return kGroups;
}

const GroupSpec& group_spec(OptionGroup group) {
  return kGroups[static_cast<std::size_t>(group)];
}

const OptionSpec* find_option(std::string_view name) {
  for (const OptionSpec& spec : option_table()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

const OptionSpec* find_option_ignoring_case(std::string_view name) {
  for (const OptionSpec& spec : option_table()) {
    if (equals_ignoring_case(spec.name, name)) return &spec;
  }
  return nullptr;
}

std::string_view nearest_option(std::string_view name) {
  constexpr std::size_t kLongestWorthAGuess = 64;
  if (name.size() > kLongestWorthAGuess) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const OptionSpec& spec : option_table()) {
    const std::size_t distance = edit_distance(name, spec.name);
    if (distance < best_distance) {
      best = spec.name;
      best_distance = distance;
    }
  }
  return best;
}

Result<> set_option(ServerOptions& options, const OptionSpec& spec, std::string_view text) {
  Result<OptionValue> value = parse_value(spec.domain, text);
  if (value) return set_option_value(options, spec, value.value());
  constexpr std::size_t kShown = 100;
  const std::string shown =
      spec.secret ? "the value" : "'" + std::string(text.substr(0, kShown)) + "'";
  const bool free_text = spec.domain.kind == ValueKind::kText || text.size() > kMaxTextBytes;
  return Error{ErrorCode::kInvalid, shown + (free_text ? " is refused: " + value.error().message
                                                       : " is not " + describe(spec.domain))};
}

Result<> set_option_value(ServerOptions& options, const OptionSpec& spec,
                          const OptionValue& value) {
  return spec.field.write(options, value);
}

std::string option_text(const ServerOptions& options, const OptionSpec& spec) {
  return value_text(spec.domain, spec.field.read(options));
}

std::string effective_text(const ServerOptions& options, const OptionSpec& spec) {
  const OptionValue value = spec.field.read(options);
  if (!std::holds_alternative<Automatic>(value)) return value_text(spec.domain, value);
  return std::to_string(spec.resolve(options));
}

OptionValue default_value(const OptionSpec& spec) {
  static const ServerOptions defaults;
  return spec.field.read(defaults);
}

std::string environment_name(const OptionSpec& spec) {
  std::string name = "SYNCHRODB_";
  for (const char c : spec.name) {
    name.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return name;
}

}  // namespace synchrodb::net
