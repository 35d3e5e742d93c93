#include "sim/swarm/schedule.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/options.h"
#include "sim/swarm/draw.h"
#include "sim/swarm/parameters.h"

namespace synchrodb::sim {
namespace {

constexpr std::int64_t kMs = 1'000'000;

// Targets that are decided when the fault strikes; repeated ones are likelier.
constexpr std::array<std::string_view, 5> kOneTargets{"leader", "leader", "follower", "random",
                                                      "random"};
constexpr std::array<std::string_view, 7> kSomeTargets{"leader",   "leader",   "random", "random",
                                                       "minority", "majority", "all"};

// `count` nodes of 0 … nodes-1, sorted.
std::vector<std::uint32_t> draw_nodes(std::uint32_t nodes, std::size_t count, Draw& draw) {
  std::vector<std::uint32_t> order(nodes);
  for (std::uint32_t i = 0; i < nodes; ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

class Scheduler {
 public:
  Scheduler(std::uint64_t seed, const std::set<FaultKind>& enabled, Plan& plan)
      : seed_(seed), plan_(plan), draw_(seed, "schedule") {
    draw_victims(enabled);
    for (const FaultKind kind : enabled) {
      const Profile* profile = profile_of(kind);
      if (profile == nullptr) continue;
      if (profile->victims == Victims::kDamaged && damaged_.empty()) continue;
      profiles_.push_back(profile);
      total_weight_ += profile->weight;
    }
  }

  void run() {
    add_nature();
    // In one run of ten the faults set in late: the engine must also be right when all is well.
    const std::int64_t faulty = plan_.faulty_time.ns;
    start_ = draw_.chance(1, 10) ? plan_.time.ns / 2 : draw_.between(0, faulty / 20);
    end_ = faulty - faulty / 50;
    add_whole_phase_faults();
    if (!profiles_.empty()) add_episodes();
    std::stable_sort(plan_.faults.begin(), plan_.faults.end(),
                     [](const FaultAction& a, const FaultAction& b) { return a.at.ns < b.at.ns; });
  }

 private:
  void draw_victims(const std::set<FaultKind>& enabled) {
    Draw draw(seed_, "damaged-disks");
    const std::uint32_t budget =
        damage_budget(plan_, enabled.contains(FaultKind::kMembershipChange));
    if (budget == 0) return;
    const std::size_t count = 1 + draw.below(budget);
    damaged_ = draw_nodes(plan_.nodes, count, draw);
  }

  // Every run has a network and disks of some speed, with or without faults.
  void add_nature() {
    for (const FaultKind kind : {FaultKind::kDelay, FaultKind::kDiskLatency}) {
      FaultAction nature;
      nature.fault = spec_of(kind).name;
      nature.target = "all";
      Draw draw(seed_, "nature/" + nature.fault);
      const bool swarmed = std::any_of(profiles_.begin(), profiles_.end(),
                                       [&](const Profile* p) { return p->kind == kind; });
      if (swarmed) {
        nature.parameters = draw_nature(kind, draw);
      } else {
        for (const FaultParameter& parameter : spec_of(kind).parameters) {
          nature.parameters[std::string(parameter.name)] = parameter.standard;
        }
      }
      plan_.faults.push_back(std::move(nature));
    }
  }

  void add_whole_phase_faults() {
    std::vector<const Profile*> rest;
    for (const Profile* profile : profiles_) {
      Draw draw(seed_, "whole/" + std::string(spec_of(profile->kind).name));
      if (static_cast<std::int64_t>(draw.below(100)) >= profile->whole_percent) {
        rest.push_back(profile);
        continue;
      }
      plan_.faults.push_back(make(*profile, start_, plan_.faulty_time.ns - start_, draw));
      // Clocks that are wrong in different ways, not all in the same.
      if (spec_of(profile->kind).family == "clock") {
        plan_.faults.push_back(make(*profile, start_, plan_.faulty_time.ns - start_, draw));
      }
      total_weight_ -= profile->weight;
    }
    profiles_ = std::move(rest);
  }

  void add_episodes() {
    const std::int64_t phase = plan_.faulty_time.ns;
    const std::int64_t in_40_seconds = draw_.doubling(6, 80);
    const std::int64_t count =
        std::clamp<std::int64_t>(in_40_seconds * (phase / kMs) / 40'000, 1, 5'000);
    const std::int64_t spacing = std::max<std::int64_t>(phase / count, 2);
    std::int64_t at = start_ + draw_.between(0, spacing / 2);
    while (at < end_ && plan_.faults.size() < kMaxFaultActions / 2) {
      const bool storm = draw_.chance(1, 6);
      const std::int64_t lasting = storm ? add_storm(at) : add_episode(at, 2 * spacing);
      if (draw_.chance(3, 10)) {  // another fault on top of this one
        add_episode(at + draw_.between(0, std::max(lasting, 300 * kMs)), spacing);
      }
      at += lasting + draw_.between(spacing / 4, spacing);
    }
  }

  // Adds one episode, or a burst of them. Returns how long it takes, which is at most `longest`
  // for a single one.
  std::int64_t add_episode(std::int64_t at, std::int64_t longest) {
    const Profile& profile = pick_profile();
    const std::int64_t repeats = draw_.chance(1, 5) ? draw_.between(2, 4) : 1;
    const std::int64_t began = at;
    for (std::int64_t i = 0; i < repeats && at < end_; ++i) {
      std::int64_t lasting = 0;
      if (profile.longest_ms > 0) {
        lasting = draw_.doubling(profile.shortest_ms, profile.longest_ms) * kMs;
        lasting = std::max<std::int64_t>(std::min({lasting, longest, end_ - at}) / repeats, 1'000);
      }
      plan_.faults.push_back(make(profile, at, lasting, draw_));
      at += lasting;
      if (i + 1 < repeats) at += draw_.doubling(20, 1'500) * kMs;
    }
    return at - began;
  }

  // Many short faults of few kinds, one after the other and one on top of the other: what it takes
  // for several leaders in a row that know nothing of each other.
  std::int64_t add_storm(std::int64_t at) {
    const std::int64_t began = at;
    std::array<const Profile*, 3> kinds{&pick_profile(), &pick_profile(), &pick_profile()};
    // Single-server changes go wrong when leaders in quick succession begin one each.
    const Profile* change = profile_of(FaultKind::kMembershipChange);
    const bool changes = std::find(profiles_.begin(), profiles_.end(), change) != profiles_.end();
    if (changes && option_value(plan_, "membership") == 1 && draw_.coin()) {
      kinds[0] = change;
      add_moving_partition(at);
    }
    const std::int64_t usual_gap = draw_.doubling(10, 400);
    for (std::int64_t left = draw_.doubling(5, 20); left > 0 && at < end_; --left) {
      const Profile& profile = *draw_.pick(kinds);
      std::int64_t lasting = 0;
      if (profile.longest_ms > 0) {
        lasting = std::min(
            draw_.doubling(30, std::min<std::int64_t>(profile.longest_ms, 2'000)) * kMs, end_ - at);
      }
      FaultAction action = make(profile, at, lasting, draw_);
      const std::int64_t back_soon = draw_.doubling(2, 300);
      if (const auto down = action.parameters.find("down-ms"); down != action.parameters.end()) {
        down->second = back_soon;
      }
      plan_.faults.push_back(std::move(action));
      at += draw_.between(1, 2 * usual_gap) * kMs;
    }
    return at - began;
  }

  // A partition that isolates each new leader soon after its election.
  void add_moving_partition(std::int64_t at) {
    const Profile* isolate = profile_of(FaultKind::kPartitionIsolateLeader);
    if (std::find(profiles_.begin(), profiles_.end(), isolate) == profiles_.end()) return;
    const std::int64_t lasting = draw_.doubling(2'000, 8'000) * kMs;
    FaultAction action = make(*isolate, at, std::min(lasting, end_ - at), draw_);
    action.parameters["follow-ms"] = draw_.doubling(1, 300);
    plan_.faults.push_back(std::move(action));
  }

  const Profile& pick_profile() {
    auto left = static_cast<std::int64_t>(draw_.below(static_cast<std::uint64_t>(total_weight_)));
    for (const Profile* profile : profiles_) {
      if (left < profile->weight) return *profile;
      left -= profile->weight;
    }
    return *profiles_.back();
  }

  FaultAction make(const Profile& profile, std::int64_t at, std::int64_t lasting, Draw& draw) {
    FaultAction action;
    action.fault = spec_of(profile.kind).name;
    // Whole microseconds: easier to read and to edit.
    action.at = Duration{std::min(at, end_) / 1'000 * 1'000};
    action.lasting =
        Duration{std::min(lasting, plan_.faulty_time.ns - action.at.ns) / 1'000 * 1'000};
    action.parameters = draw_parameters(profile.kind, plan_, draw);
    aim(profile, action, draw);
    return action;
  }

  void aim(const Profile& profile, FaultAction& action, Draw& draw) {
    switch (profile.victims) {
      case Victims::kCluster:
        return;
      case Victims::kDamaged:
        action.nodes = {damaged_[draw.below(damaged_.size())]};
        return;
      case Victims::kLinks:
        if (draw.coin()) {
          action.target = "all";
          return;
        }
        [[fallthrough]];
      case Victims::kOne:
        if (draw.chance(1, 4)) {
          action.nodes = {static_cast<std::uint32_t>(draw.below(plan_.nodes))};
        } else {
          action.target = draw.pick(kOneTargets);
        }
        return;
      case Victims::kMost:
        if (draw.chance(3, 4)) {
          action.target = "all";
          return;
        }
        [[fallthrough]];
      case Victims::kSome:
        if (draw.chance(1, 4)) {
          const std::size_t count = 1 + draw.below(plan_.nodes);
          action.nodes = draw_nodes(plan_.nodes, count, draw);
        } else {
          action.target = draw.pick(kSomeTargets);
        }
        return;
    }
  }

  std::uint64_t seed_;
  Plan& plan_;
  Draw draw_;
  std::vector<std::uint32_t> damaged_;
  std::vector<const Profile*> profiles_;
  std::int64_t total_weight_ = 0;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace

std::uint32_t damage_budget(const Plan& plan, bool membership_changes) {
  if (plan.beyond_budget) return plan.nodes;
  const std::uint32_t voters = membership_changes ? smallest_membership(plan.nodes) : plan.nodes;
  return voters == 0 ? 0 : (voters - 1) / 2;
}

void draw_schedule(std::uint64_t seed, const std::set<FaultKind>& enabled, Plan& plan) {
  Scheduler(seed, enabled, plan).run();
}

}  // namespace synchrodb::sim
