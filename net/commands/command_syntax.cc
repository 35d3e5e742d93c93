#include "net/commands/command_syntax.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/kv/ascii.h"

namespace synchrodb::net {
namespace {

using Sequence = std::vector<SyntaxNode>;

constexpr std::array<std::string_view, 4> kKeys = {"key", "newkey", "source", "destination"};
constexpr std::array<std::string_view, 16> kIntegers = {
    "client-id", "count",    "cursor",  "decrement", "destination-db", "end",
    "increment", "index",    "index1",  "index2",    "milliseconds",   "numreplicas",
    "offset",    "protover", "seconds", "slot"};

template <class Words>
bool contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string type_of(std::string_view word) {
  if (contains(kKeys, word)) return "key";
  if (word.starts_with("unix-time")) return "unix-time";
  if (word == "pattern") return "pattern";
  if (contains(kIntegers, word) || word == "start" || word == "timeout") return "integer";
  return "string";
}

bool is_token(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) { advance(); }

  // Items up to a closing bracket or the end; alternatives become one node.
  Sequence parse() {
    std::vector<Sequence> alternatives(1);
    while (!word_.empty() && word_ != "]" && word_ != ">") {
      if (word_ == "|") {
        alternatives.emplace_back();
        advance();
      } else {
        parse_item(alternatives.back());
      }
    }
    if (alternatives.size() == 1) return std::move(alternatives[0]);
    SyntaxNode choice;
    choice.type = "oneof";
    for (Sequence& sequence : alternatives) {
      if (!sequence.empty()) choice.children.push_back(join(std::move(sequence)));
    }
    choice.name = choice.children.empty() ? "" : choice.children[0].name;
    return {std::move(choice)};
  }

 private:
  static constexpr std::string_view kMore = "...";

  void advance() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    std::size_t length = std::min(rest_.find_first_of(" []<>|"), rest_.size());
    if (length == 0 && !rest_.empty()) length = 1;  // a bracket or bar
    word_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  static SyntaxNode join(Sequence sequence) {
    if (sequence.size() == 1) return std::move(sequence[0]);
    SyntaxNode block;
    block.type = "block";
    for (const SyntaxNode& node : sequence) {
      block.name += (block.name.empty() ? "" : "_") + node.name;
    }
    block.children = std::move(sequence);
    return block;
  }

  SyntaxNode argument() {
    SyntaxNode node;
    node.name = word_;
    node.type = type_of(word_);
    advance();
    return node;
  }

  void parse_item(Sequence& before) {
    if (word_ == "[" || word_ == "<") return parse_bracket(before);
    if (word_ == kMore) {
      if (!before.empty()) before.back().multiple = true;
      return advance();
    }
    if (!is_token(word_)) return before.push_back(argument());
    const std::string token(word_);
    advance();
    Sequence arguments;
    while (!word_.empty() && word_.find_first_of("[]<>|") != 0 && word_ != kMore &&
           !is_token(word_)) {
      arguments.push_back(argument());
    }
    SyntaxNode node;
    if (arguments.empty()) {
      node.type = "pure-token";
      for (const char c : token) node.name.push_back(to_lower(c));
    } else {
      node = join(std::move(arguments));
    }
    node.token = token;
    before.push_back(std::move(node));
  }

  void parse_bracket(Sequence& before) {
    const bool optional = word_ == "[";
    advance();
    Sequence inside = parse();
    advance();
    if (inside.empty()) return;
    if (optional && inside.back().multiple && repeats(before, inside)) {
      const auto first = before.end() - static_cast<std::ptrdiff_t>(inside.size());
      Sequence repeated(first, before.end());
      before.erase(first, before.end());
      before.push_back(join(std::move(repeated)));
      before.back().multiple = true;
      return;
    }
    before.push_back(join(std::move(inside)));
    before.back().optional = optional;
  }

  // Whether `inside`, but for being multiple, is what stands before it.
  static bool repeats(const Sequence& before, Sequence inside) {
    inside.back().multiple = false;
    return inside.size() <= before.size() &&
           std::equal(inside.begin(), inside.end(),
                      before.end() - static_cast<std::ptrdiff_t>(inside.size()));
  }

  std::string_view rest_;
  std::string_view word_;
};

}  // namespace

std::vector<SyntaxNode> parse_syntax(std::string_view hint) {
  return Parser(hint).parse();
}

}  // namespace synchrodb::net
