// Buggify in the simulator: named sites, active per run, then firing now and then.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/buggify.h"
#include "sim/fault_counter.h"
#include "sim/random/streams.h"

namespace synchrodb::sim {

// Which sites are active in a run, shared by its nodes. A site is known by name; that it is known
// by address first only saves time and influences nothing.
class BuggifyPlan {
 public:
  static constexpr std::uint64_t kQuarter = 250'000;  // parts per million

  // No site is active.
  BuggifyPlan() = default;
  // Exactly these are active, each firing with so many parts per million.
  explicit BuggifyPlan(std::map<std::string, std::int64_t> sites);
  // Every site is active with probability ¼, by a draw of its own, and then fires with ¼.
  static BuggifyPlan swarm();

  // The firing probability of a site, 0 when it is not active.
  std::uint64_t ppm_of(std::string_view site, const Streams& streams) const;

 private:
  std::map<std::string, std::int64_t> sites_;
  bool swarm_ = false;
};

// One node's. Survives restarts of the node.
class SimBuggify final : public Buggify {
 public:
  struct Site {
    std::string name;
    std::uint64_t asked = 0;
    std::uint64_t fired = 0;
    std::uint64_t ppm = 0;
    Stream stream;
  };

  SimBuggify(const BuggifyPlan& plan, const Streams& streams, std::uint64_t node,
             FaultCounters& counters);

  bool buggify(const char* site) override;

  // After the faulty phase nothing fires any more.
  void disable() { enabled_ = false; }
  // The sites asked so far, in the order of their first question.
  const std::vector<Site>& sites() const { return sites_; }

 private:
  Site& find(const char* site);

  BuggifyPlan plan_;
  Streams streams_;
  std::uint64_t node_;
  FaultCounters& counters_;
  bool enabled_ = true;
  std::vector<Site> sites_;
  std::vector<std::pair<const char*, std::size_t>> by_address_;
};

}  // namespace synchrodb::sim
