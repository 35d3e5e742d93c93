// The syntax hints of the command tables ("key [EX seconds | PX milliseconds]") as a tree, so that
// COMMAND DOCS can tell clients what the tables tell people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::net {

struct SyntaxNode {
  std::string name;
  std::string type;   // "key", "string", "integer", "pattern", "unix-time", "pure-token", "oneof",
                      // "block"
  std::string token;  // a word in upper case before it; empty: none
  bool optional = false;
  bool multiple = false;
  std::vector<SyntaxNode> children;  // of oneof and block

  bool operator==(const SyntaxNode&) const = default;
};

// Words in lower case are arguments, in upper case tokens; [optional], <either | or>, and
// "x [x ...]" for one or more.
std::vector<SyntaxNode> parse_syntax(std::string_view hint);

}  // namespace synchrodb::net
