// synchrodb-cli: commands over RESP, administration over Cap'n Proto RPC.
#include <unistd.h>

#include <clocale>
#include <iostream>

#include "cmd/cli/exit_codes.h"
#include "cmd/cli/interactive.h"
#include "cmd/cli/options.h"
#include "cmd/cli/output.h"
#include "cmd/cli/runner.h"

int main(int argc, char** argv) {
  using namespace synchrodb;
  using namespace synchrodb::cli;
  // How the line editor reads the keyboard; numbers are written as in C everywhere.
  if (std::setlocale(LC_CTYPE, "") == nullptr ||
      std::string(std::setlocale(LC_CTYPE, nullptr)) == "C") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
  std::ios::sync_with_stdio(false);
  const std::variant<Options, int> parsed = parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const Options& options = std::get<Options>(parsed);
  kj::AsyncIoContext io = kj::setupAsyncIo();
  Result<std::unique_ptr<net::Dialer>> dialer = net::Dialer::make(io, options.dial);
  if (!dialer) {
    complain(dialer.error().message);
    return kExitUsage;
  }
  const Context context{options, io, *dialer.value()};
  if (!options.words.empty()) return run_once(context);
  if (::isatty(STDIN_FILENO) != 0) return run_interactive(context);
  return run_lines(context, std::cin);
}
