#include "net/commands/client_state.h"

namespace synchrodb::net {
namespace {

class Line {
 public:
  void put(std::string_view key, std::string_view value) {
    if (!text_.empty()) text_.push_back(' ');
    text_.append(key).push_back('=');
    text_.append(value);
  }
  template <class Number>
  void put_number(std::string_view key, Number value) {
    put(key, std::to_string(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::int64_t whole_seconds(Duration duration) {
  return duration.ns / seconds(1).ns;
}

}  // namespace

std::string client_flags(const ClientState& client) {
  std::string flags;
  if (client.session.in_transaction()) flags.push_back('x');
  if (client.blocked) flags.push_back('b');
  if (client.close_after_reply) flags.push_back('c');
  if (client.close_at_once) flags.push_back('A');
  if (client.unix_socket) flags.push_back('U');
  if (client.readonly) flags.push_back('r');
  if (client.no_evict) flags.push_back('e');
  if (client.no_touch) flags.push_back('T');
  return flags.empty() ? "N" : flags;
}

std::string client_line(const ClientState& client, Instant now) {
  const bool open = client.session.in_transaction();
  const std::size_t queued = client.session.queued() + client.queued.size();
  Line line;
  line.put_number("id", client.id);
  line.put("addr", client.address);
  line.put("laddr", client.local_address);
  line.put_number("fd", client.fd);
  line.put("name", client.name);
  line.put_number("age", whole_seconds(now - client.created));
  line.put_number("idle", whole_seconds(now - client.last_interaction));
  line.put("flags", client_flags(client));
  line.put_number("db", 0);
  line.put_number("sub", 0);
  line.put_number("psub", 0);
  line.put_number("ssub", 0);
  line.put("multi", open ? std::to_string(queued) : "-1");
  line.put_number("qbuf", client.query_bytes);
  line.put_number("qbuf-free", client.query_free_bytes);
  line.put_number("argv-mem", client.argument_bytes);
  line.put_number("multi-mem", client.queued.bytes());
  line.put_number("rbs", client.output_bytes);
  line.put_number("rbp", client.output_bytes);
  line.put_number("obl", 0);
  line.put_number("oll", client.output_pieces);
  line.put_number("omem", client.output_bytes);
  line.put_number("tot-mem", client.total_bytes);
  line.put("events", client.output_bytes > 0 ? "rw" : "r");
  line.put("cmd", client.last_command);
  line.put("user", client.user);
  line.put("redir", "-1");
  line.put_number("resp", client.resp);
  line.put("lib-name", client.library_name);
  line.put("lib-ver", client.library_version);
  return line.take();
}

}  // namespace synchrodb::net
