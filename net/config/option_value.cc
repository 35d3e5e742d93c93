#include "net/config/option_value.h"

#include <algorithm>
#include <array>
#include <limits>

#include "consensus/assert.h"
#include "engine/kv/ascii.h"
#include "engine/kv/numbers.h"

namespace synchrodb::net {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kAutomaticWord = "auto";

struct MemoryUnit {
  std::string_view name;
  std::int64_t bytes;
};
// Largest first, so that memory_text() finds the best one.
constexpr std::array kBinaryUnits{MemoryUnit{"gb", 1LL << 30}, MemoryUnit{"mb", 1LL << 20},
                                  MemoryUnit{"kb", 1LL << 10}};
constexpr std::array kUnits{MemoryUnit{"", 1},
                            MemoryUnit{"b", 1},
                            MemoryUnit{"k", 1'000},
                            MemoryUnit{"kb", 1LL << 10},
                            MemoryUnit{"m", 1'000'000},
                            MemoryUnit{"mb", 1LL << 20},
                            MemoryUnit{"g", 1'000'000'000},
                            MemoryUnit{"gb", 1LL << 30}};

Error refused(std::string why) {
  return {ErrorCode::kInvalid, std::move(why)};
}

std::optional<std::size_t> choice_index(const ValueDomain& domain, std::string_view word) {
  for (const std::string& synonym : split_list(domain.synonyms)) {
    const std::size_t equals = synonym.find('=');
    if (equals_ignoring_case(std::string_view(synonym).substr(0, equals), word)) {
      return choice_index({.choices = domain.choices}, synonym.substr(equals + 1));
    }
  }
  const std::vector<std::string> choices = split_list(domain.choices);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (equals_ignoring_case(choices[i], word)) return i;
  }
  return std::nullopt;
}

Result<OptionValue> parse_integer_value(const ValueDomain& domain, std::string_view text) {
  if (domain.automatic && equals_ignoring_case(text, kAutomaticWord)) {
    return OptionValue(Automatic{});
  }
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value) return refused("argument couldn't be parsed into an integer");
  if (Result<> checked = check_range(domain, *value); !checked) return checked.error();
  return OptionValue(*value);
}

Result<OptionValue> parse_memory_value(const ValueDomain& domain, std::string_view text) {
  const std::optional<std::int64_t> value = parse_memory(text);
  if (!value) return refused("argument must be a memory value");
  if (Result<> checked = check_range(domain, *value); !checked) return checked.error();
  return OptionValue(*value);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : ",") + part;
  return result;
}

std::string range_words(const ValueDomain& domain, std::string (*show)(std::int64_t)) {
  if (domain.high == kUnlimited) return "of at least " + show(domain.low);
  return "from " + show(domain.low) + " to " + show(domain.high);
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  constexpr std::string_view separators = ", \t\r\n";
  std::size_t start = text.find_first_not_of(separators);
  while (start != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(separators, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = text.find_first_not_of(separators, end);
  }
  return parts;
}

std::optional<std::int64_t> parse_memory(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::int64_t> number = parse_integer(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const MemoryUnit& unit : kUnits) {
    if (!equals_ignoring_case(unit.name, text.substr(digits))) continue;
    if (*number > kUnlimited / unit.bytes) return std::nullopt;
    return *number * unit.bytes;
  }
  return std::nullopt;
}

std::string memory_text(std::int64_t bytes) {
  for (const MemoryUnit& unit : kBinaryUnits) {
    if (bytes != 0 && bytes % unit.bytes == 0) {
      return std::to_string(bytes / unit.bytes) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

Result<> check_range(const ValueDomain& domain, std::int64_t value) {
  if (value >= domain.low && value <= domain.high) return {};
  return refused("argument must be between " + std::to_string(domain.low) + " and " +
                 std::to_string(domain.high) + " inclusive");
}

Result<OptionValue> parse_value(const ValueDomain& domain, std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return refused("argument is longer than " + std::to_string(kMaxTextBytes) + " bytes");
  }
  switch (domain.kind) {
    case ValueKind::kSwitch:
      if (equals_ignoring_case(text, "yes")) return OptionValue(true);
      if (equals_ignoring_case(text, "no")) return OptionValue(false);
      return refused("argument must be 'yes' or 'no'");
    case ValueKind::kInteger:
      return parse_integer_value(domain, text);
    case ValueKind::kMemory:
      return parse_memory_value(domain, text);
    case ValueKind::kChoice: {
      const std::optional<std::size_t> index = choice_index(domain, text);
      if (index) return OptionValue(ChoiceIndex{*index});
      return refused("argument(s) must be one of the following: " + std::string(domain.choices));
    }
    case ValueKind::kText:
      if (text.find('\0') != std::string_view::npos) return refused("argument holds a zero byte");
      return OptionValue(std::string(text));
    case ValueKind::kList:
      return OptionValue(split_list(text));
  }
  SYNCHRODB_ASSERT(false, "a kind of value without a parser");
  return refused("");
}

std::string value_text(const ValueDomain& domain, const OptionValue& value) {
  if (std::holds_alternative<Automatic>(value)) return std::string(kAutomaticWord);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* choice = std::get_if<ChoiceIndex>(&value)) {
    const std::vector<std::string> choices = split_list(domain.choices);
    SYNCHRODB_ASSERT(choice->value < choices.size(), "a choice that the option does not offer");
    return choices[choice->value];
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return joined(*std::get_if<std::vector<std::string>>(&value));
}

std::string readable_text(const ValueDomain& domain, const OptionValue& value) {
  if (domain.kind == ValueKind::kMemory) return memory_text(*std::get_if<std::int64_t>(&value));
  return value_text(domain, value);
}

std::string toml_text(const ValueDomain& domain, const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string result;
    for (const std::string& part : *list) result += (result.empty() ? "" : ", ") + quoted(part);
    return "[" + result + "]";
  }
  const std::string text = readable_text(domain, value);
  const bool number = std::holds_alternative<std::int64_t>(value) && parse_integer(text);
  return number ? text : quoted(text);
}

std::string describe(const ValueDomain& domain) {
  switch (domain.kind) {
    case ValueKind::kSwitch:
      return "yes or no";
    case ValueKind::kInteger:
      return "an integer " +
             range_words(domain, [](std::int64_t value) { return std::to_string(value); }) +
             (domain.automatic ? ", or auto" : "");
    case ValueKind::kMemory:
      return "a number of bytes " + range_words(domain, memory_text) +
             ", with or without a unit (kb, mb, gb)";
    case ValueKind::kChoice:
      return "one of " + std::string(domain.choices);
    case ValueKind::kText:
      return "a text";
    case ValueKind::kList:
      return "a list";
  }
  return "";
}

}  // namespace synchrodb::net
