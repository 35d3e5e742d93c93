#include "net/server/redirect.h"

#include "engine/kv/command_table.h"
#include "engine/kv/hash_slot.h"
#include "net/config/host_port.h"

namespace synchrodb::net {
namespace {

std::optional<Reply> moved(const ServerParts& parts, const ClientState& client,
                           const CommandSpec& command, const std::vector<std::string>& argv) {
  const NodeId leader = parts.leader();
  if (!leader || leader == parts.identity.node) return std::nullopt;
  const NodeAddress* address = parts.book.find(leader);
  if (address == nullptr) return std::nullopt;
  const Result<HostPort> resp = parse_host_port(address->resp);
  if (!resp) return std::nullopt;  // not known yet
  if (!command.accepts(argv.size())) return std::nullopt;
  const std::vector<std::size_t> keys = key_positions(command, argv.size());
  if (keys.empty()) return std::nullopt;
  const std::uint16_t slot = hash_slot(argv[keys.front()]);
  const std::uint16_t port =
      client.tls && address->tls_port != 0 ? address->tls_port : resp.value().port;
  // An IPv6 address has no brackets here, as in Redis: the port is behind the last colon.
  return Reply::error("MOVED " + std::to_string(slot) + " " + resp.value().host + ":" +
                      std::to_string(port));
}

}  // namespace

RespServer::Redirect make_redirect(const ServerParts& parts) {
  return [&parts](const ClientState& client,
                  const std::vector<std::string>& argv) -> std::optional<Reply> {
    if (parts.options().requests.follower_mode == FollowerMode::kForward) return std::nullopt;
    const CommandSpec* command = find_command(argv.front());
    if (command == nullptr) return std::nullopt;
    if (client.readonly && command->has(kRead)) return std::nullopt;
    return moved(parts, client, *command, argv);
  };
}

}  // namespace synchrodb::net
