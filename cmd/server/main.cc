// synchrodb-server: one node of a cluster. `restore` and `recover`: work on its data folder.
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "net/config/command_line.h"
#include "net/offline/words.h"
#include "net/server/server.h"

int main(int argc, char** argv) {
  using namespace synchrodb::net;
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  constexpr const char* kVersion = "0.1.0";
  if (const std::optional<int> done = run_word(arguments, environment, kVersion)) return *done;
  synchrodb::Result<Invocation> invocation = read_invocation(arguments, environment, kVersion);
  if (!invocation) {
    std::fprintf(stderr, "synchrodb-server: %s\n", invocation.error().message.c_str());
    return 2;
  }
  if (!invocation.value().print.empty()) {
    std::fputs(invocation.value().print.c_str(), stdout);
    return 0;
  }
  return run_server(
      {invocation.value().options, invocation.value().config_file, invocation.value().notes});
}
