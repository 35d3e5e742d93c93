#include "net/commands/client_filter.h"

#include <algorithm>

#include "engine/kv/numbers.h"
#include "net/commands/replies.h"

namespace synchrodb::net {

bool valid_client_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

Reply invalid_client_name() {
  return Reply::error("ERR Client names cannot contain spaces, newlines or special characters.");
}

std::optional<Reply> ClientFilter::take_type(const std::string& type) {
  normal = is(type, "normal");
  const bool known = normal || is(type, "master") || is(type, "slave") || is(type, "replica") ||
                     is(type, "pubsub");
  if (known) return std::nullopt;
  return errors::failed("Unknown client type '" + type + "'");
}

std::optional<Reply> ClientFilter::parse_list(const Call& call) {
  if (call.size() == 2) return std::nullopt;
  if (call.size() == 4 && is(call[2], "TYPE")) return take_type(call[3]);
  if (call.size() < 4 || !is(call[2], "ID")) return errors::syntax();
  for (std::size_t i = 3; i < call.size(); ++i) {
    const auto id = parse_integer(call[i]);
    if (!id) return Reply::error("ERR Invalid client ID");
    ids.push_back(static_cast<std::uint64_t>(*id));
  }
  return std::nullopt;
}

std::optional<Reply> ClientFilter::parse_kill(const Call& call) {
  for (std::size_t i = 2; i < call.size(); i += 2) {
    if (i + 1 == call.size()) return errors::syntax();
    const std::string& option = call[i];
    const std::string& value = call[i + 1];
    if (is(option, "ID")) {
      const auto id = parse_integer(value);
      if (!id || *id < 1) return Reply::error("ERR client-id should be greater than 0");
      ids = {static_cast<std::uint64_t>(*id)};
    } else if (is(option, "TYPE")) {
      if (auto error = take_type(value)) return error;
    } else if (is(option, "ADDR")) {
      address = value;
    } else if (is(option, "LADDR")) {
      local_address = value;
    } else if (is(option, "USER")) {
      if (value != "default") return errors::failed("No such user '" + value + "'");
      user = value;
    } else if (is(option, "SKIPME") && (is(value, "yes") || is(value, "no"))) {
      skip_me = is(value, "yes");
    } else {
      return errors::syntax();
    }
  }
  return std::nullopt;
}

bool ClientFilter::matches(const ClientState& client, const ClientState& caller) const {
  if (!normal || (skip_me && &client == &caller)) return false;
  if (!ids.empty() && std::find(ids.begin(), ids.end(), client.id) == ids.end()) return false;
  if (address && client.address != *address) return false;
  if (local_address && client.local_address != *local_address) return false;
  return !user || client.user == *user;
}

}  // namespace synchrodb::net
