// What is known of the commands, for hints, completion and help: the engine's table, the words of
// administration, and what the server itself says (COMMAND DOCS).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kv/reply.h"

namespace synchrodb::cli {

struct Syntax {
  std::string arguments;
  std::string summary;
  std::string since;
  std::string group;
};

class SyntaxBook {
 public:
  SyntaxBook();

  // Takes in a reply to COMMAND DOCS; anything else is ignored. What it tells of a command replaces
  // what was known.
  void learn(const Reply& docs);

  // What the last word of `line` may become: whole words, sorted. Only names are completed.
  std::vector<std::string> complete(std::string_view line) const;
  // The arguments that are still to come after `line`; empty: nothing is known, or nothing is left.
  std::string hint(std::string_view line) const;
  // Of `name` ("set", "client list"), or of all; for people. Empty: no such command.
  std::string help(std::string_view name) const;
  std::string overview() const;

 private:
  // Names in lower case, of one word or two.
  std::map<std::string, Syntax, std::less<>> commands_;
};

// The arguments of a command as COMMAND DOCS describes them: "key value [NX | XX]".
std::string arguments_text(const Reply& arguments);

}  // namespace synchrodb::cli
