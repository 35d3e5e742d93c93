#include "sim/script/script_runner.h"

#include <algorithm>
#include <utility>

namespace synchrodb::sim {

ScriptRunner::ScriptRunner(const Surroundings& world, Script& script, std::uint32_t nodes)
    : world_(world), script_(script), nodes_(nodes) {}

void ScriptRunner::set_nodes(const std::vector<NodeId>& nodes) {
  for (const auto& client : clients_) client->set_nodes(nodes);
}

void ScriptRunner::start() {
  script_.start(static_cast<std::uint32_t>(clients_.size()), world_.streams.stream("script"));
  poll();
}

void ScriptRunner::start_final(std::function<void()> done) {
  SYNCHRODB_ASSERT(idle(), "the final phase begins when every client is free");
  stopped_ = false;
  done_ = false;
  on_done_ = std::move(done);
  script_.final_phase(world_.kernel.now());
  poll();
}

// Asks until the script has nothing more for this moment.
void ScriptRunner::poll() {
  world_.kernel.cancel(alarm_);
  while (!stopped_ && !done_) {
    const TrueTime now = world_.kernel.now();
    ScriptStep step = script_.next(now);
    switch (step.kind) {
      case ScriptStep::Kind::kCall:
        begin(step.client, std::move(step.call));
        break;
      case ScriptStep::Kind::kSleep:
        // Time moves on, whatever the script thinks of it.
        alarm_ = world_.kernel.at(std::max(step.until, now + Duration{1}), [this] { poll(); });
        return;
      case ScriptStep::Kind::kWait:
        if (idle()) {
          throw ScriptError(
              "the script waits for a call to end, but no call is under way: it would wait for "
              "ever; let it sleep, or be done");
        }
        return;
      case ScriptStep::Kind::kDone:
        done_ = true;
        break;
    }
  }
  finish();
}

void ScriptRunner::finish() {
  if (done_ && idle() && on_done_) std::exchange(on_done_, nullptr)();
}

void ScriptRunner::check(std::uint32_t client, const ScriptCall& call) const {
  const auto refuse = [&](const std::string& why) {
    throw ScriptError("the script's call of client " + std::to_string(client) + ": " + why);
  };
  if (client >= clients_.size()) {
    refuse("there are " + std::to_string(clients_.size()) + " clients, numbered from 0");
  }
  if (clients_[client]->busy()) refuse("its previous call has not ended");
  switch (call.kind) {
    case ScriptCall::Kind::kRead:
    case ScriptCall::Kind::kWrite:
      if (call.commands.size() != 1 || call.commands.front().empty()) {
        refuse("a read or write is one command of at least one word");
      }
      break;
    case ScriptCall::Kind::kWatch:
      if (call.commands.size() != 1 || call.commands.front().empty()) {
        refuse("a watch names at least one key");
      }
      break;
    case ScriptCall::Kind::kTransaction:
      for (const auto& command : call.commands) {
        if (command.empty()) refuse("a command of its transaction has no words");
      }
      break;
    case ScriptCall::Kind::kRequest:
      if (call.node >= nodes_) {
        refuse("node " + std::to_string(call.node) + " is not one of 0 to " +
               std::to_string(nodes_ - 1));
      }
      if (call.timeout.ns <= 0) refuse("its timeout must be positive");
      break;
    case ScriptCall::Kind::kUnwatch:
      break;
  }
}

void ScriptRunner::begin(std::uint32_t client, ScriptCall call) {
  check(client, call);
  ++busy_;
  ++calls_;
  clients_[client]->start(std::move(call),
                          [this, client](const Outcome& outcome) { ended(client, outcome); });
}

void ScriptRunner::ended(std::uint32_t client, const Outcome& outcome) {
  --busy_;
  if (outcome.kind == Outcome::Kind::kOk) ++count_.ok;
  if (outcome.kind == Outcome::Kind::kFailed) ++count_.fail;
  if (outcome.kind == Outcome::Kind::kUnknown) ++count_.info;
  if (std::optional<ScriptCall> more = script_.completed(client, outcome, world_.kernel.now())) {
    begin(client, std::move(*more));
  } else {
    poll();
  }
}

}  // namespace synchrodb::sim
