#include "engine/kv/glob.h"

#include <algorithm>
#include <cstddef>

namespace synchrodb {
namespace {

// Matches one character against the class that starts after '['; moves `at` past its ']'.
bool class_matches(std::string_view pattern, std::size_t& at, char c) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool match = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const std::size_t left = pattern.size() - at;
    if (left >= 2 && pattern[at] == '\\') {
      match = match || pattern[at + 1] == c;
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const auto [low, high] = std::minmax(pattern[at], pattern[at + 2]);
      match = match || (low <= c && c <= high);
      at += 3;
    } else {
      match = match || pattern[at] == c;
      at += 1;
    }
  }
  if (at < pattern.size()) ++at;  // the ']'
  return match != negated;
}

// Matches one character against the element at `at`, which is not '*', and moves `at` past it.
bool element_matches(std::string_view pattern, std::size_t& at, char c) {
  switch (pattern[at]) {
    case '?':
      ++at;
      return true;
    case '[':
      ++at;
      return class_matches(pattern, at, c);
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      return pattern[at++] == c;
    default:
      return pattern[at++] == c;
  }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  if (text.empty()) return pattern.empty();
  // Each element but '*' takes exactly one character, so on a mismatch it is enough to let the last
  // '*' take one character more.
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, after_star = kNone, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && element_matches(pattern, p, text[t])) {
      ++t;
      continue;
    }
    if (after_star == kNone) return false;
    p = after_star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace synchrodb
