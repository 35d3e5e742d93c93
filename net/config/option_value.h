// The kinds of values that options have, and their text forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb::net {

enum class ValueKind : std::uint8_t {
  kSwitch,   // yes, no
  kInteger,  // a decimal
  kMemory,   // bytes, with or without one of Redis' units: k kb m mb g gb (kb is 1024, k is 1000)
  kChoice,   // a word of a list, in any case
  kText,     // any bytes but zero, at most kMaxTextBytes
  kList,     // texts between commas or spaces
};

inline constexpr std::size_t kMaxTextBytes = 64 * 1024;

// Which values are right.
struct ValueDomain {
  ValueKind kind = ValueKind::kText;
  std::int64_t low = 0;  // kInteger and kMemory; both ends are included
  std::int64_t high = 0;
  std::string_view choices = {};   // kChoice: "debug, info"
  std::string_view synonyms = {};  // kChoice: "notice=info"; understood, never shown
  bool automatic = false;          // kInteger: the word "auto" is right too
};

struct Automatic {
  bool operator==(const Automatic&) const = default;
};
struct ChoiceIndex {
  std::size_t value = 0;
  bool operator==(const ChoiceIndex&) const = default;
};
// kSwitch: bool; kInteger: integer or Automatic; kMemory: integer; kChoice: ChoiceIndex; …
using OptionValue =
    std::variant<Automatic, bool, std::int64_t, ChoiceIndex, std::string, std::vector<std::string>>;

// The value that `text` stands for. Errors are Redis' own texts for CONFIG SET, such as "argument
// must be between 0 and 65535 inclusive".
Result<OptionValue> parse_value(const ValueDomain& domain, std::string_view text);

// Whether an integer lies within the domain; the error is Redis' text.
Result<> check_range(const ValueDomain& domain, std::int64_t value);

// As CONFIG GET shows it: yes, 1048576, a,b; parse_value() gives the same value back.
std::string value_text(const ValueDomain& domain, const OptionValue& value);
// As people prefer to read it: 1mb instead of 1048576.
std::string readable_text(const ValueDomain& domain, const OptionValue& value);
// As it stands in a TOML file: true, "1mb", ["a", "b"].
std::string toml_text(const ValueDomain& domain, const OptionValue& value);

// What would be right, to end a sentence: "an integer from 0 to 65535".
std::string describe(const ValueDomain& domain);

// 1048576 is "1mb"; the largest unit that divides it.
std::string memory_text(std::int64_t bytes);
std::optional<std::int64_t> parse_memory(std::string_view text);

// The parts of `text` between commas and white space; empty ones are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace synchrodb::net
