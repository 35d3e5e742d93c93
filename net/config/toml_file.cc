#include "net/config/toml_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#define TOML_EXCEPTIONS 0
// toml++ 3.3 asserts that a key begins as one before it reports a key that does not ("[[[").
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

#include "net/config/option_table.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kMaxProblems = 20;

struct Problem {
  toml::source_index line;
  std::string text;
};

const char* type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

// What the file should say instead.
std::string expected(const OptionSpec& spec) {
  switch (spec.domain.kind) {
    case ValueKind::kSwitch:
      return "true or false";
    case ValueKind::kText:
      return "a string in quotes";
    case ValueKind::kList:
      return "an array of strings";
    case ValueKind::kChoice: {
      std::string words;
      for (const std::string& word : split_list(spec.domain.choices)) {
        words += (words.empty() ? "\"" : ", \"") + word + "\"";
      }
      return "one of " + words;
    }
    case ValueKind::kInteger:
    case ValueKind::kMemory:
      return describe(spec.domain);
  }
  return "";
}

Error wrong_type(const toml::node& node, const OptionSpec& spec) {
  return {ErrorCode::kInvalid,
          std::string("is ") + type_name(node) + "; " + expected(spec) + " would be right"};
}

Result<> set_list(const toml::node& node, const OptionSpec& spec, ServerOptions& options) {
  if (const auto text = node.value_exact<std::string>()) return set_option(options, spec, *text);
  const toml::array* array = node.as_array();
  if (array == nullptr) return wrong_type(node, spec);
  std::vector<std::string> items;
  for (const toml::node& element : *array) {
    const auto item = element.value_exact<std::string>();
    if (!item) {
      return Error{ErrorCode::kInvalid, std::string("holds ") + type_name(element) + "; " +
                                            expected(spec) + " would be right"};
    }
    items.push_back(*item);
  }
  return set_option_value(options, spec, OptionValue(std::move(items)));
}

Result<> set_from(const toml::node& node, const OptionSpec& spec, ServerOptions& options) {
  const auto text = node.value_exact<std::string>();
  const auto number = node.value_exact<std::int64_t>();
  switch (spec.domain.kind) {
    case ValueKind::kList:
      return set_list(node, spec, options);
    case ValueKind::kSwitch:
      if (const auto flag = node.value_exact<bool>()) {
        return set_option_value(options, spec, OptionValue(*flag));
      }
      break;
    case ValueKind::kInteger:
      if (number) return set_option(options, spec, std::to_string(*number));
      if (text && spec.domain.automatic) return set_option(options, spec, *text);
      break;
    case ValueKind::kMemory:
      if (number) return set_option(options, spec, std::to_string(*number));
      if (text) return set_option(options, spec, *text);
      break;
    case ValueKind::kChoice:
    case ValueKind::kText:
      if (text) return set_option(options, spec, *text);
      break;
  }
  return wrong_type(node, spec);
}

std::string guess(std::string_view nearest) {
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

class FileReader {
 public:
  explicit FileReader(ServerOptions& options) : options_(options) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const toml::table* table = node.as_table();
      const GroupSpec* group = find_group(key.str());
      if (group != nullptr && table != nullptr) {
        read_table(*group, *table);
      } else if (group != nullptr) {
        report(key, std::string(key.str()) + ": is " + type_name(node) +
                        "; write it as a table, [" + std::string(key.str()) + "]");
      } else if (table != nullptr && find_option(key.str()) == nullptr) {
        report(key, "[" + shown(key) + "]: no such table; there are " + all_tables());
      } else {
        report_misplaced(key, "");
      }
    }
  }

  std::vector<Problem> take_problems() && { return std::move(problems_); }

 private:
  static const GroupSpec* find_group(std::string_view name) {
    for (const GroupSpec& group : option_groups()) {
      if (group.table == name) return &group;
    }
    return nullptr;
  }

  static std::string all_tables() {
    std::string names;
    for (const GroupSpec& group : option_groups()) {
      names += (names.empty() ? "[" : ", [") + std::string(group.table) + "]";
    }
    return names;
  }

  static std::string shown(const toml::key& key) { return std::string(key.str().substr(0, 100)); }

  void read_table(const GroupSpec& group, const toml::table& table) {
    const std::string where = "[" + std::string(group.table) + "] ";
    for (const auto& [key, node] : table) {
      const OptionSpec* spec = find_option(key.str());
      if (spec == nullptr || spec->group != group.group) {
        report_misplaced(key, where);
      } else if (Result<> set = set_from(node, *spec, options_); !set) {
        report(key, where + shown(key) + ": " + set.error().message);
      }
    }
  }

  void report_misplaced(const toml::key& key, const std::string& where) {
    const OptionSpec* spec = find_option(key.str());
    if (spec == nullptr) {
      report(key, where + shown(key) + ": no such option" + guess(nearest_option(key.str())));
    } else {
      report(key, where + shown(key) + ": belongs into the table [" +
                      std::string(group_spec(spec->group).table) + "]");
    }
  }

  void report(const toml::key& key, std::string text) {
    problems_.push_back({key.source().begin.line, std::move(text)});
  }

  ServerOptions& options_;
  std::vector<Problem> problems_;
};

Error all_of(std::vector<Problem> problems, const std::string& name) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), kMaxProblems); ++i) {
    text += (i == 0 ? "" : "\n") + name + ":" + std::to_string(problems[i].line) + ": " +
            problems[i].text;
  }
  if (problems.size() > kMaxProblems) {
    text += "\n" + name + ": and " + std::to_string(problems.size() - kMaxProblems) + " more";
  }
  return {ErrorCode::kInvalid, std::move(text)};
}

}  // namespace

Result<> apply_toml(std::string_view text, const std::string& name, ServerOptions& options) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{ErrorCode::kInvalid, name + ":" + std::to_string(error.source().begin.line) +
                                          ": not valid TOML: " + std::string(error.description())};
  }
  FileReader reader(options);
  reader.read(parsed.table());
  std::vector<Problem> problems = std::move(reader).take_problems();
  if (!problems.empty()) return all_of(std::move(problems), name);
  return {};
}

Result<> apply_toml_file(const std::string& path, ServerOptions& options) {
  const auto unreadable = [&path](const std::string& why) {
    return Error{ErrorCode::kInvalid, path + ": cannot read the configuration: " + why};
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::strerror(errno));
  std::string text(kMaxConfigFileBytes + 1, '\0');
  errno = 0;
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (errno != 0 && file.gcount() == 0)) return unreadable(std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigFileBytes) return unreadable("it is longer than 1 MiB");
  return apply_toml(text, path, options);
}

}  // namespace synchrodb::net
