// What a campaign found, seed by seed added up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/campaign/row.h"
#include "sim/fault_table.h"

namespace synchrodb::sim {

class Summary {
 public:
  // A failing seed, as much as is worth printing.
  struct Finding {
    std::uint64_t seed = 0;
    std::string violated;
    std::string detail;
    std::string reproduce;
  };
  struct Slow {
    std::uint64_t seed = 0;
    double wall_seconds = 0;
  };

  void add(const Row& row);

  std::uint64_t seeds() const { return ok_ + violations_ + unknowns_; }
  std::uint64_t ok() const { return ok_; }
  std::uint64_t violations() const { return violations_; }
  std::uint64_t unknowns() const { return unknowns_; }
  double virtual_seconds() const { return virtual_seconds_; }
  // A violation outweighs an unknown, an unknown outweighs ok.
  Verdict verdict() const;
  // The lowest failing seeds, at most kFindings of each kind.
  const std::vector<Finding>& found() const { return found_; }

  // `wall_seconds`: of the campaign. `resume`: the command that continues it, empty when it is
  // done.
  Json json(double wall_seconds, const std::string& resume) const;
  // A table for people, in fixed columns.
  std::string table(double wall_seconds) const;

  static constexpr std::size_t kFindings = 20;
  static constexpr std::size_t kSlowest = 5;

 private:
  std::vector<std::string> marks_never_reached() const;

  std::uint64_t ok_ = 0;
  std::uint64_t violations_ = 0;
  std::uint64_t unknowns_ = 0;
  double virtual_seconds_ = 0;
  double run_seconds_ = 0;  // wall time within runs
  std::uint64_t events_ = 0;
  std::uint64_t operations_ok_ = 0;
  std::uint64_t operations_fail_ = 0;
  std::uint64_t operations_info_ = 0;
  std::map<std::string, FaultCount> faults_;
  std::map<std::string, std::uint64_t> violated_;  // property → seeds
  std::map<std::string, std::uint64_t> marks_;     // mark → seeds that reached it
  std::vector<Slow> slowest_;
  std::vector<Finding> found_;
  std::vector<Finding> unknown_found_;
};

// 1234567 → "1,234,567".
std::string with_commas(std::uint64_t number);

}  // namespace synchrodb::sim
