#include "cmd/sim/check_input.h"

#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

namespace synchrodb::sim {

bool read_checked_file(const std::string& path, std::string* bytes, std::string* error) {
  std::ostringstream buffer;
  if (path == "-") {
    buffer << std::cin.rdbuf();
    *bytes = std::move(buffer).str();
    return true;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    *error = "cannot open it";
    return false;
  }
  file.peek();
  if (file.bad() || (file.fail() && !file.eof())) {
    *error = "cannot read it";
    return false;
  }
  if (!file.eof()) buffer << file.rdbuf();
  if (file.bad()) {
    *error = "cannot read it";
    return false;
  }
  *bytes = std::move(buffer).str();
  return true;
}

int check_exit_code(check::Verdict verdict) {
  switch (verdict) {
    case check::Verdict::kValid:
      return 0;
    case check::Verdict::kInvalid:
      return 1;
    case check::Verdict::kUnknown:
      break;
  }
  return 3;
}

std::string model_hint(const CheckArguments& arguments) {
  return " (read as of the model " + arguments.model + "; see --model)";
}

int refuse_input(const std::string& path, const std::string& message) {
  std::cerr << "synchrodb-sim check: " << path << ": " << message << "\n";
  return 2;
}

}  // namespace synchrodb::sim
