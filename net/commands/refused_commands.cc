// Commands of Redis that cannot mean anything here: refused with a text that says what to do.
#include "net/commands/families.h"
#include "net/commands/replies.h"
#include "net/commands/server_commands.h"

namespace synchrodb::net {
namespace {

using namespace trait;

Reply refuse_replicaof(Call& call) {
  return errors::failed(upper_case(call[0]) +
                        " is not supported: members replicate by consensus; use synchrodb-cli "
                        "cluster add, remove or transfer-leader");
}

Reply failover(Call&) {
  return errors::failed("FAILOVER is not supported: use synchrodb-cli cluster transfer-leader");
}

// There is one database, to swap with itself.
Reply swapdb(Call& call) {
  const auto refuse = [](const Number& number, std::string_view which) -> std::optional<Reply> {
    if (number.error) return errors::failed("invalid " + std::string(which) + " DB index");
    return std::nullopt;
  };
  const Number first = parse_int32(call[1]), second = parse_int32(call[2]);
  if (auto error = refuse(first, "first")) return *error;
  if (auto error = refuse(second, "second")) return *error;
  if (first.value == 0 && second.value == 0) return Reply::ok();
  return Reply::error("ERR DB index is out of range");
}

constexpr CommandGroup kGroup = CommandGroup::kServer;

constexpr ServerCommand kCommands[] = {
    server_command(kGroup, "replicaof", 3, kAdmin | kNoScript | kStale | kNoAsyncLoading,
                   &refuse_replicaof, "<host port | NO ONE>",
                   "Make the server a replica of another instance, or promote it as master.",
                   "5.0.0", "O(1)"),
    server_command(kGroup, "slaveof", 3, kAdmin | kNoScript | kStale | kNoAsyncLoading,
                   &refuse_replicaof, "<host port | NO ONE>",
                   "Make the server a replica of another instance, or promote it as master.",
                   "1.0.0", "O(1)"),
    server_command(kGroup, "failover", -1, kAdmin | kNoScript | kStale, &failover,
                   "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
                   "Start a coordinated failover between this server and one of its replicas.",
                   "6.2.0", "O(1)"),
    server_command(
        kGroup, "swapdb", 3, kWrite | kFast | kKeyspaceCategory | kDangerousCategory, &swapdb,
        "index1 index2", "Swaps two Redis databases.", "4.0.0",
        "O(N) where N is the count of clients watching or blocking on keys from both databases"),
};

}  // namespace

std::span<const ServerCommand> refused_family() {
  return kCommands;
}

}  // namespace synchrodb::net
