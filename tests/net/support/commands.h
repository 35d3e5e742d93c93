// Commands as a client sends them, and what a parser makes of bytes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "net/resp/parser.h"

namespace synchrodb::net::testing {

using Argv = std::vector<std::string>;

inline std::string multibulk(const Argv& argv) {
  std::string out = "*" + std::to_string(argv.size()) + "\r\n";
  for (const std::string& argument : argv) {
    out += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return out;
}

// All that can be known of a run of the parser.
struct Parsed {
  std::vector<Argv> commands;
  std::string error;  // empty: none
  std::size_t pending = 0;

  bool operator==(const Parsed&) const = default;
};

inline void take_all(RequestParser& parser, Parsed& parsed) {
  for (;;) {
    switch (parser.next()) {
      case RequestParser::Outcome::kCommand:
        parsed.commands.emplace_back(parser.argv().begin(), parser.argv().end());
        break;
      case RequestParser::Outcome::kNeedMore:
        parsed.pending = parser.pending_bytes();
        return;
      case RequestParser::Outcome::kError:
        parsed.error = parser.error();
        parsed.pending = 0;  // of no interest: nothing more is read
        return;
    }
  }
}

inline Parsed parse(std::string_view bytes, RequestLimits limits = {}) {
  RequestParser parser(limits);
  parser.feed(bytes);
  Parsed parsed;
  take_all(parser, parsed);
  return parsed;
}

// `cuts`: places in the bytes, rising, at which a read ends.
inline Parsed parse_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts,
                              RequestLimits limits = {}) {
  RequestParser parser(limits);
  Parsed parsed;
  std::size_t at = 0;
  const auto feed_to = [&](std::size_t end) {
    // As a connection does, into the parser's own memory.
    while (at < end) {
      const std::span<char> room = parser.writable();
      const std::size_t size = std::min(room.size(), end - at);
      std::copy_n(bytes.data() + at, size, room.data());
      parser.commit(size);
      at += size;
      take_all(parser, parsed);
    }
  };
  for (const std::size_t cut : cuts) feed_to(cut);
  feed_to(bytes.size());
  return parsed;
}

inline Parsed parse_bytewise(std::string_view bytes, RequestLimits limits = {}) {
  std::vector<std::size_t> cuts(bytes.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i + 1;
  return parse_in_pieces(bytes, cuts, limits);
}

}  // namespace synchrodb::net::testing
