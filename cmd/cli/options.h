// What stands on the command line before the command.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/client/dialer.h"

namespace synchrodb::cli {

inline constexpr const char* kVersion = "0.1.0";
inline constexpr int kRpcPortOffset = 10'000;

// How answers are printed.
enum class Format {
  kPretty,  // for people: quoted, numbered, tables
  kRaw,     // the bytes as they are, a line break after each
  kJson,
};

struct Options {
  net::Destination resp{"127.0.0.1", 7379};
  net::Destination rpc;
  net::DialOptions dial;
  std::string password;
  bool resp3 = false;
  bool follow_moved = false;
  Format format = Format::kPretty;
  long repeat = 1;  // negative: for ever
  double interval_seconds = 0;
  bool last_from_input = false;
  double timeout_seconds = 60;     // of a call on the RPC port
  std::vector<std::string> words;  // the command; empty: interactive, or from a pipe
};

// The options, or the exit code when there is nothing to do (--help, --version) or nothing sensible
// (the complaint is printed).
std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace synchrodb::cli
