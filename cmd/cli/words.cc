#include "cmd/cli/words.h"

#include <algorithm>
#include <cctype>

#include "engine/kv/ascii.h"

namespace synchrodb::cli {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Reads a quoted string from `line`, at its opening quote; moves `at` behind the closing one.
// False: there is none.
bool read_quoted(std::string_view line, std::size_t& at, std::string& word) {
  const char quote = line[at++];
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == quote) {
      ++at;
      return true;
    }
    const char next = at + 1 < line.size() ? line[at + 1] : '\0';
    if (c != '\\' || at + 1 == line.size() || (quote == '\'' && next != '\'')) {
      word.push_back(c);
      continue;
    }
    ++at;
    if (next == 'x' && at + 2 < line.size() && hex_digit(line[at + 1]) >= 0 &&
        hex_digit(line[at + 2]) >= 0) {
      word.push_back(static_cast<char>(hex_digit(line[at + 1]) * 16 + hex_digit(line[at + 2])));
      at += 2;
      continue;
    }
    constexpr std::string_view kNames = "nrtba";
    constexpr std::string_view kValues = "\n\r\t\b\a";
    const std::size_t named = quote == '"' ? kNames.find(next) : std::string_view::npos;
    word.push_back(named == std::string_view::npos ? next : kValues[named]);
  }
  return false;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size()) return words;
    std::string word;
    while (at < line.size() && !is_space(line[at])) {
      if (line[at] != '"' && line[at] != '\'') {
        word.push_back(line[at++]);
        continue;
      }
      const char quote = line[at];
      if (!read_quoted(line, at, word)) {
        return Error{ErrorCode::kInvalid, std::string("a quote is not closed: ") + quote};
      }
      if (at < line.size() && !is_space(line[at])) {
        return Error{
            ErrorCode::kInvalid,
            std::string("a closing quote must be followed by a space: ") + quote + line[at]};
      }
    }
    words.push_back(std::move(word));
  }
}

bool holds_secret(std::string_view line) {
  const std::string text = lower(line);
  const Result<std::vector<std::string>> split = split_words(text);
  // A line that is not well-formed yet: better to forget too much.
  if (!split) {
    return text.find("auth") != std::string::npos || text.find("pass") != std::string::npos ||
           text.find("setuser") != std::string::npos;
  }
  const std::vector<std::string>& words = split.value();
  if (words.empty()) return false;
  if (words[0] == "auth") return true;
  if (words[0] == "hello" || words[0] == "migrate") {
    return std::any_of(words.begin() + 1, words.end(),
                       [](const std::string& word) { return word.starts_with("auth"); });
  }
  if (words.size() < 2) return false;
  if (words[0] == "acl") return words[1] == "setuser";
  if (words[0] != "config" || words[1] != "set") return false;
  return std::any_of(words.begin() + 2, words.end(), [](const std::string& word) {
    return word.find("pass") != std::string::npos || word.find("auth") != std::string::npos ||
           word.find("secret") != std::string::npos;
  });
}

}  // namespace synchrodb::cli
