#include "tests/net/support/commands_support.h"

#include <cstdio>

namespace synchrodb::net::testing {

FakeContext::FakeContext() {
  server_facts.version = "9.8.7";
  server_facts.run_id = std::string(40, 'a');
  server_facts.os = "Linux";
  server_facts.port = 7001;
  server_facts.process_id = 4242;
  server_facts.max_clients = 10'000;
  cluster_facts.id = "0123456789abcdef";
  cluster_facts.self = cluster_facts.leader = NodeId{1};
  cluster_facts.members.push_back({NodeId{1}, "127.0.0.1", 7001, 7101, true, true, {}, {}});
  options = {{"slowlog-log-slower-than", "10000"},
             {"slowlog-max-len", "128"},
             {"latency-monitor-threshold", "0"},
             {"latency-tracking", "yes"},
             {"requirepass", ""},
             {"save", ""},
             {"appendonly", "yes"}};
}

ClientState& FakeContext::connect() {
  auto client = std::make_unique<ClientState>();
  client->id = connections.size() + 1;
  client->address = "127.0.0.1:" + std::to_string(50'000 + client->id);
  client->local_address = "127.0.0.1:7001";
  client->created = client->last_interaction = time;
  connections.push_back(std::move(client));
  return *connections.back();
}

Reply FakeContext::apply(const Request& request) {
  const WallTime stamp{wall * 1'000};
  return machine.apply(*make_entry(Term{1}, machine.applied().next(), EntryKind::kCommand,
                                   WallInterval{stamp, stamp, true}, encode(request)));
}

std::vector<ClientState*> FakeContext::clients() {
  std::vector<ClientState*> all;
  for (const auto& client : connections) all.push_back(client.get());
  return all;
}

bool FakeContext::unblock(ClientState& client, bool with_error) {
  note("unblock " + std::to_string(client.id) + (with_error ? " with an error" : ""));
  return true;
}

std::vector<std::pair<std::string, std::string>> FakeContext::config_get(
    const std::vector<std::string>& patterns) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, value] : options) {
    for (const std::string& pattern : patterns) {
      if (!glob_match(pattern, name)) continue;
      found.emplace_back(name, value);
      break;
    }
  }
  return found;
}

Result<> FakeContext::config_set(const std::vector<std::pair<std::string, std::string>>& pairs) {
  for (const auto& [name, value] : pairs) {
    if (!options.contains(name)) {
      return Error{ErrorCode::kInvalid,
                   "Unknown option or number of arguments for CONFIG SET - '" + name + "'"};
    }
  }
  for (const auto& [name, value] : pairs) options[name] = value;
  return {};
}

Result<> FakeContext::shut_down(const ShutdownRequest& request) {
  return outcome(std::string("shut down") + (request.save ? "" : " nosave") +
                 (request.now ? " now" : "") + (request.force ? " force" : ""));
}

std::optional<std::size_t> FakeContext::wait_for_members(ClientState& client, Index index,
                                                         std::size_t enough, Duration patience) {
  note("wait for " + std::to_string(enough) + " to hold " + std::to_string(index.value) + ", " +
       std::to_string(patience.ns / 1'000'000) + " ms");
  if (client.unblocked == Unblocked::kWithError) return std::nullopt;
  return members_holding;
}

void FakeContext::sleep(ClientState&, Duration duration) {
  note("sleep " + std::to_string(duration.ns / 1'000'000) + " ms");
  time = time + duration;
}

Result<> FakeContext::outcome(std::string what) {
  note(std::move(what));
  if (fail) return Error{ErrorCode::kUnavailable, "no"};
  return {};
}

namespace {

Reply run_step(FakeContext& context, ClientState& client, Step step) {
  if (auto* reply = std::get_if<Reply>(&step)) return std::move(*reply);
  if (auto* read = std::get_if<ReadStep>(&step)) return context.read(read->argv);
  if (auto* write = std::get_if<WriteStep>(&step)) {
    const Reply reply = context.apply(write->request);
    client.last_write = context.machine.applied();
    return reply;
  }
  const auto& watch = std::get<WatchStep>(step);
  return client.session.finish_watch(watch, context.read(watch.argv));
}

}  // namespace

Reply serve(ServerCommands& commands, FakeContext& context, ClientState& client, const Argv& argv) {
  if (auto reply = commands.execute(client, argv)) return *std::move(reply);
  Reply reply = run_step(context, client, client.session.handle(argv));
  commands.completed(client, argv, Duration{}, reply);
  const QueuedCommands queued = ServerCommands::take_queued(client);
  return commands.finish(client, queued, std::move(reply));
}

namespace {

std::string quote(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte > 0x7e) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string elements_of(const Reply& reply, int resp) {
  const bool map = reply.kind() == Reply::Kind::kMap && resp == 3;
  std::string out;
  for (std::size_t i = 0; i < reply.elements().size(); ++i) {
    if (i > 0) out += map && i % 2 == 1 ? ": " : ", ";
    out += line_of(reply.elements()[i], resp);
  }
  if (map) return "{" + out + "}";
  if (resp == 3 && reply.kind() == Reply::Kind::kSet) return "~[" + out + "]";
  return "[" + out + "]";
}

}  // namespace

std::string line_of(const Reply& reply, int resp) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
      return "nil";
    case Reply::Kind::kNilArray:
      return resp == 3 ? "nil" : "nil-array";
    case Reply::Kind::kStatus:
      return "+" + quote(reply.text());
    case Reply::Kind::kError:
      return "-" + quote(reply.text());
    case Reply::Kind::kInteger:
      return ":" + std::to_string(reply.number());
    case Reply::Kind::kBulk:
      return quote(reply.text());
    case Reply::Kind::kDouble:
      return "," + std::to_string(reply.real_number());
    case Reply::Kind::kVerbatim:
      return (resp == 3 ? "=" : "") + quote(reply.text());
    case Reply::Kind::kBoolean:
      return ":" + std::to_string(reply.number());
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush:
      return elements_of(reply, resp);
  }
  return "?";
}

}  // namespace synchrodb::net::testing
