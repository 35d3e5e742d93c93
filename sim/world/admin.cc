#include "sim/world/admin.h"

#include <algorithm>
#include <utility>

#include "engine/env/sync.h"
#include "sim/marks.h"

namespace synchrodb::sim {

Admin::Admin(const Surroundings& world, Cluster& cluster, NodeId endpoint)
    : world_(world),
      cluster_(cluster),
      owner_(world.kernel.add_owner("operator")),
      clock_(world.kernel, owner_, endpoint.value, world.counters),
      fibers_(world.kernel, owner_, clock_),
      random_(world.streams.stream("operator")),
      transport_(world.network.attach(endpoint, owner_, clock_)) {
  transport_->open();
}

Client Admin::make_client(NodeId preferred) {
  ClientOptions options;
  options.preferred = preferred;
  options.group = kGroup;
  options.call_timeout = seconds(3);
  return Client(clock_, fibers_, *transport_, random_, options, cluster_.ids());
}

bool Admin::already(const ConfigurationChange& step) const {
  const Configuration now = cluster_.configuration();
  if (now.joint()) return false;
  const auto voter = [&](NodeId id) { return now.is_voter(id); };
  const auto member = [&](NodeId id) { return now.contains(id); };
  return std::all_of(step.add_voters.begin(), step.add_voters.end(), voter) &&
         std::all_of(step.add_learners.begin(), step.add_learners.end(), member) &&
         std::none_of(step.remove.begin(), step.remove.end(), member);
}

bool Admin::change_step(const ConfigurationChange& step, std::size_t fewest) {
  while (!stopped_) {
    if (already(step)) return true;
    const std::size_t voters = cluster_.configuration().voters.size() + step.add_voters.size();
    if (!step.remove.empty() && voters < fewest + step.remove.size()) return false;
    const Outcome outcome = make_client().change(step);
    if (outcome.kind == Outcome::Kind::kOk) return true;
    SOMETIMES(outcome.kind == Outcome::Kind::kUnknown, "a membership change's outcome was unknown");
    sleep_until(fibers_, clock_.now() + milliseconds(500));
  }
  return false;
}

void Admin::change(std::vector<ConfigurationChange> steps, std::size_t fewest,
                   std::function<void()> done) {
  ++changes_begun_;
  ++under_way_;
  fibers_.spawn("change", [this, steps = std::move(steps), fewest, done = std::move(done)] {
    bool all = true;
    for (const ConfigurationChange& step : steps) all = all && change_step(step, fewest);
    --under_way_;
    if (all && done) done();
  });
}

void Admin::ask(NodeId node, const ConfigurationChange& change, std::function<void()> done) {
  ++changes_begun_;
  ++under_way_;
  fibers_.spawn("ask", [this, node, change, done = std::move(done)] {
    const Outcome outcome = make_client(node).change(change);
    --under_way_;
    if (outcome.kind == Outcome::Kind::kOk) done();
  });
}

void Admin::transfer(NodeId target) {
  fibers_.spawn("transfer", [this, target] {
    const Outcome outcome = make_client().transfer(target);
    if (outcome.kind == Outcome::Kind::kOk) {
      world_.counters.strike(FaultKind::kLeadershipTransfer);
    }
  });
}

}  // namespace synchrodb::sim
