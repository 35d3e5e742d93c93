#include "net/resp/inline_command.h"

#include <optional>

namespace synchrodb::net {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

class Splitter {
 public:
  explicit Splitter(std::span<char> line) : line_(line) {}

  // The next word, if any.
  std::optional<ArgumentPlace> next() {
    while (!at_end() && is_space(line_[at_])) ++at_;
    if (at_end()) return std::nullopt;
    // What is written never overtakes what is read.
    const std::size_t start = to_ = at_;
    while (!at_end() && balanced_) {
      const char c = line_[at_];
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') break;
      ++at_;
      if (c == '"' || c == '\'') {
        balanced_ = c == '"' ? read_double_quoted() : read_single_quoted();
        break;
      }
      put(c);
    }
    return ArgumentPlace{static_cast<std::uint32_t>(start),
                         static_cast<std::uint32_t>(to_ - start)};
  }

  bool balanced() const { return balanced_; }

 private:
  bool at_end() const { return at_ == line_.size(); }
  std::size_t left() const { return line_.size() - at_; }
  void put(char c) { line_[to_++] = c; }
  bool closed_well() const { return at_end() || is_space(line_[at_]); }

  bool read_double_quoted() {
    while (!at_end()) {
      const char c = line_[at_++];
      if (c == '"') return closed_well();
      if (c != '\\' || at_end()) {
        put(c);
      } else if (left() >= 3 && line_[at_] == 'x' && hex_value(line_[at_ + 1]) >= 0 &&
                 hex_value(line_[at_ + 2]) >= 0) {
        put(static_cast<char>(hex_value(line_[at_ + 1]) * 16 + hex_value(line_[at_ + 2])));
        at_ += 3;
      } else {
        put(unescaped(line_[at_++]));
      }
    }
    return false;
  }

  bool read_single_quoted() {
    while (!at_end()) {
      const char c = line_[at_++];
      if (c == '\'') return closed_well();
      if (c == '\\' && !at_end() && line_[at_] == '\'') {
        put(line_[at_++]);
      } else {
        put(c);
      }
    }
    return false;
  }

  std::span<char> line_;
  std::size_t at_ = 0;
  std::size_t to_ = 0;
  bool balanced_ = true;
};

}  // namespace

bool split_inline_command(std::span<char> line, std::vector<ArgumentPlace>& arguments) {
  Splitter splitter(line);
  while (const std::optional<ArgumentPlace> argument = splitter.next()) {
    if (!splitter.balanced()) return false;
    arguments.push_back(*argument);
  }
  return true;
}

}  // namespace synchrodb::net
