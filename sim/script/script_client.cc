#include "sim/script/script_client.h"

#include <algorithm>
#include <utility>

#include "engine/env/sync.h"

namespace synchrodb::sim {

ScriptClient::ScriptClient(const Surroundings& world, const ClientOptions& options,
                           std::uint32_t number, NodeId endpoint, std::vector<NodeId> nodes)
    : world_(world),
      owner_(world.kernel.add_owner("client")),
      clock_(world.kernel, owner_, endpoint.value, world.counters),
      fibers_(world.kernel, owner_, clock_),
      library_random_(world.streams.stream("client", number)),
      transport_(world.network.attach(endpoint, owner_, clock_)),
      nodes_(std::move(nodes)),
      client_(clock_, fibers_, *transport_, library_random_, options, nodes_) {
  transport_->open();
}

void ScriptClient::set_nodes(std::vector<NodeId> nodes) {
  nodes_ = nodes;
  client_.set_nodes(std::move(nodes));
}

void ScriptClient::start(ScriptCall call, std::function<void(const Outcome&)> done) {
  SYNCHRODB_ASSERT(!busy(), "a client makes one call at a time");
  done_ = std::move(done);
  fibers_.spawn("call", [this, call = std::move(call)] {
    outcome_ = perform(call);
    world_.kernel.after(Duration{}, [this] { ended(); });
  });
}

void ScriptClient::ended() {
  // Whoever is told may start the next call.
  const Outcome outcome = std::move(outcome_);
  std::exchange(done_, nullptr)(outcome);
}

Outcome ScriptClient::perform(const ScriptCall& call) {
  switch (call.kind) {
    case ScriptCall::Kind::kRead:
      return read(call);
    case ScriptCall::Kind::kWatch:
      return watch(call.commands.front());
    case ScriptCall::Kind::kUnwatch: {
      watched_.clear();
      Outcome done;
      done.kind = Outcome::Kind::kOk;
      done.reply = Reply::ok();
      return done;
    }
    case ScriptCall::Kind::kRequest:
      return ask(call);
    case ScriptCall::Kind::kWrite:
    case ScriptCall::Kind::kTransaction:
      break;
  }
  Outcome outcome = call.kind == ScriptCall::Kind::kWrite
                        ? client_.write(call.commands.front())
                        : client_.transaction(call.commands, std::exchange(watched_, {}));
  if (outcome.kind == Outcome::Kind::kOk && !outcome.reply.is_error()) {
    world_.oracle.on_acknowledged(outcome.term, outcome.index);
  }
  return outcome;
}

Outcome ScriptClient::read(const ScriptCall& call) {
  const Index floor = world_.oracle.committed();
  Outcome outcome = client_.read(call.commands.front(), call.consistency);
  const bool served = outcome.kind == Outcome::Kind::kOk && !outcome.reply.is_error();
  if (served && call.consistency != ReadConsistency::kStale) {
    world_.oracle.on_read(floor, outcome.index);
  }
  return outcome;
}

Outcome ScriptClient::watch(const std::vector<std::string>& keys) {
  ScriptCall versions;
  versions.commands.push_back({"SYNCHRODB.VERSIONS"});
  versions.commands.front().insert(versions.commands.front().end(), keys.begin(), keys.end());
  Outcome outcome = read(versions);
  if (outcome.kind != Outcome::Kind::kOk || outcome.reply.kind() != Reply::Kind::kArray) {
    return outcome;
  }
  const std::vector<Reply>& found = outcome.reply.elements();
  for (std::size_t i = 0; i < keys.size() && i < found.size(); ++i) {
    // Watching a key again does not forgive a change since the first time.
    const bool known =
        std::any_of(watched_.begin(), watched_.end(),
                    [&](const WatchedKey& watched) { return watched.key == keys[i]; });
    if (!known) watched_.push_back({keys[i], static_cast<std::uint64_t>(found[i].number())});
  }
  return outcome;
}

// One request to one node, sent once: what a client of no library can know.
Outcome ScriptClient::ask(const ScriptCall& call) {
  struct Call {
    explicit Call(Fibers& fibers) : done(fibers) {}
    Event done;
    std::optional<Result<ClientReply>> answer;
  };
  // Shared with the callback, which may outlive this fiber when the fiber is cancelled.
  auto state = std::make_shared<Call>(fibers_);
  ClientRequest request;
  request.kind = ClientRequest::Kind::kWrite;
  request.group = kGroup;
  request.payload = call.request;
  transport_->call(nodes_[call.node], std::move(request), clock_.now() + call.timeout,
                   [state](Result<ClientReply> answer) {
                     state->answer.emplace(std::move(answer));
                     state->done.set();
                   });
  state->done.wait();
  Outcome outcome;
  if (!*state->answer) {
    const bool undelivered = state->answer->error().code == ErrorCode::kUnavailable;
    outcome.kind = undelivered ? Outcome::Kind::kFailed : Outcome::Kind::kUnknown;
    outcome.why = state->answer->error().message;
    return outcome;
  }
  outcome.kind = Outcome::Kind::kOk;
  outcome.reply = std::move(state->answer->value().reply);
  return outcome;
}

}  // namespace synchrodb::sim
