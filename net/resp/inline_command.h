// Splitting an inline command, the way people type it, into arguments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace synchrodb::net {

// Where an argument stands, counted from the start of its command.
struct ArgumentPlace {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// By Redis' rules: words between white space; in "double" quotes, \n \r \t \b \a \xHH, and \c for
// any other c; in 'single' quotes, \' alone. A closing quote ends its word. Arguments are unquoted
// in place, over the line, and appended to `arguments`. False: the quotes are unbalanced.
bool split_inline_command(std::span<char> line, std::vector<ArgumentPlace>& arguments);

}  // namespace synchrodb::net
