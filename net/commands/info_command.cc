// INFO [section ...]
#include <algorithm>

#include "net/commands/families.h"
#include "net/commands/info_sections.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

bool wanted(const InfoSection& section, const Call& call) {
  if (call.size() == 1) return section.by_default;
  return std::any_of(call.argv.begin() + 1, call.argv.end(), [&](const std::string& argument) {
    if (is(argument, "all") || is(argument, "everything")) return true;
    if (is(argument, "default")) return section.by_default;
    return is(argument, section.name);
  });
}

// Names that no section has are ignored, as in Redis.
Reply info(Call& call) {
  InfoWriter out;
  for (const InfoSection& section : info_sections()) {
    if (wanted(section, call)) section.write(call, out);
  }
  return text_reply(out.text());
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kCommands[] = {
    server_command(kGroup, "info", -1, kLoading | kStale | kDangerousCategory, &info,
                   "[section ...]", "Get information and statistics about the server.", "1.0.0",
                   "O(1)",
                   "nondeterministic_output request_policy:all_shards response_policy:special"),
};

}  // namespace

std::span<const ServerCommand> info_family() {
  return kCommands;
}

}  // namespace synchrodb::net
