// Which connections CLIENT LIST shows and CLIENT KILL closes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/kv/reply.h"
#include "net/commands/client_state.h"
#include "net/commands/command_list.h"

namespace synchrodb::net {

// Every condition that is given must hold.
struct ClientFilter {
  std::vector<std::uint64_t> ids;  // any of them; empty: all
  std::optional<std::string> address;
  std::optional<std::string> local_address;
  std::optional<std::string> user;
  bool normal = true;   // false: TYPE named a kind of connection that does not exist here
  bool skip_me = true;  // not the caller

  // The options of CLIENT LIST and of CLIENT KILL's new form; the error to answer with, if any.
  std::optional<Reply> parse_list(const Call& call);
  std::optional<Reply> parse_kill(const Call& call);

  bool matches(const ClientState& client, const ClientState& caller) const;

 private:
  std::optional<Reply> take_type(const std::string& type);
};

// A name may be any printable ASCII but spaces; empty: none.
bool valid_client_name(std::string_view name);
Reply invalid_client_name();

}  // namespace synchrodb::net
