#include "cmd/sim/read_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace synchrodb::sim {
namespace {

Error failed(const char* what, const std::string& path) {
  return {ErrorCode::kIo, std::string("cannot ") + what + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed("open", path);
  std::ostringstream contents;
  // A directory opens but does not read.
  if (file.peek() == std::ifstream::traits_type::eof() && file.bad()) {
    return failed("read", path);
  }
  if (!file.eof()) contents << file.rdbuf();
  if (file.bad() || contents.bad()) return failed("read", path);
  return std::move(contents).str();
}

}  // namespace synchrodb::sim
