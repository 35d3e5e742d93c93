#include "cmd/sim/check_input.h"

#include <iostream>
#include <sstream>
#include <utility>

#include "cmd/sim/read_file.h"

namespace synchrodb::sim {

std::optional<std::string> read_input(const std::string& path) {
  if (path == "-") {
    std::ostringstream bytes;
    bytes << std::cin.rdbuf();
    return std::move(bytes).str();
  }
  Result<std::string> bytes = read_file(path);
  if (bytes) return std::move(bytes).value();
  std::cerr << "synchrodb-sim check: " << bytes.error().message << "\n";
  return std::nullopt;
}

int check_exit_code(check::Verdict verdict) {
  switch (verdict) {
    case check::Verdict::kValid:
      return kExitOk;
    case check::Verdict::kInvalid:
      return kExitViolation;
    case check::Verdict::kUnknown:
      break;
  }
  return kExitUnknown;
}

std::string model_hint(const CheckArguments& arguments) {
  return " (read as of the model " + arguments.model + "; see --model)";
}

int refuse_input(const std::string& path, const std::string& message) {
  std::cerr << "synchrodb-sim check: " << path << ": " << message << "\n";
  return kExitBadInput;
}

}  // namespace synchrodb::sim
