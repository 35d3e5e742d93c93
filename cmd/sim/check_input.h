// What the kinds of `synchrodb-sim check` have in common: arguments, reading the file, exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "cmd/sim/exit_codes.h"
#include "sim/check/check.h"

namespace synchrodb::sim {

struct CheckArguments {
  std::string path;
  std::string model = "auto";
  std::string consistency = "strict-serializable";
  std::string dialect = "auto";
  std::string initial;
  std::string format = "auto";
  std::uint64_t steps = check::Limits().steps;
  std::uint64_t memory_mib = check::Limits().memory_bytes >> 20;
  bool json = false;
  CLI::Option* initial_option = nullptr;
};

// Of standard input for "-". Nothing if it cannot be read, which is then told on standard error:
// the exit code is kExitBadInput.
std::optional<std::string> read_input(const std::string& path);

// kExitOk valid, kExitViolation invalid, kExitUnknown unknown.
int check_exit_code(check::Verdict verdict);

// What to add where a file does not read as the model wants it.
std::string model_hint(const CheckArguments& arguments);

// Says on standard error what is wrong with the input at `path`; returns kExitBadInput.
int refuse_input(const std::string& path, const std::string& message);

}  // namespace synchrodb::sim
