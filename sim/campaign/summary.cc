#include "sim/campaign/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "sim/marks.h"

namespace synchrodb::sim {
namespace {

// printf into a string; the formats here make short lines.
template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), pattern, arguments...);
  return line.data();
}

// Keeps the `limit` findings with the lowest seeds, sorted.
void keep_lowest(std::vector<Summary::Finding>& findings, Summary::Finding finding) {
  const auto position = std::lower_bound(
      findings.begin(), findings.end(), finding.seed,
      [](const Summary::Finding& found, std::uint64_t seed) { return found.seed < seed; });
  findings.insert(position, std::move(finding));
  if (findings.size() > Summary::kFindings) findings.pop_back();
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

double rounded(double value) {
  return std::round(value * 1'000) / 1'000;
}

Json findings_json(const std::vector<Summary::Finding>& findings) {
  Json json = Json::array();
  for (const Summary::Finding& finding : findings) {
    json.push_back({{"seed", finding.seed},
                    {"violated", finding.violated},
                    {"detail", finding.detail},
                    {"reproduce", finding.reproduce}});
  }
  return json;
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, ",");
  return text;
}

void Summary::add(const Row& row) {
  const RunResult& run = row.result;
  switch (run.verdict) {
    case Verdict::kOk:
      ++ok_;
      break;
    case Verdict::kViolation:
      ++violations_;
      ++violated_[run.violated];
      keep_lowest(found_, Finding{run.seed, run.violated, run.detail, row.reproduce});
      break;
    case Verdict::kUnknown:
      ++unknowns_;
      keep_lowest(unknown_found_, Finding{run.seed, run.violated, run.detail, row.reproduce});
      break;
  }
  virtual_seconds_ += run.virtual_seconds;
  run_seconds_ += run.wall_seconds;
  events_ += run.events;
  operations_ok_ += run.ok;
  operations_fail_ += run.fail;
  operations_info_ += run.info;
  for (const auto& [name, count] : run.faults) {
    FaultCount& total = faults_[name];
    total.offered += count.offered;
    total.applied += count.applied;
    total.effective += count.effective;
  }
  for (const std::string& mark : run.marks) ++marks_[mark];
  slowest_.push_back(Slow{run.seed, run.wall_seconds});
  std::sort(slowest_.begin(), slowest_.end(),
            [](const Slow& a, const Slow& b) { return a.wall_seconds > b.wall_seconds; });
  if (slowest_.size() > kSlowest) slowest_.pop_back();
}

Verdict Summary::verdict() const {
  if (violations_ > 0) return Verdict::kViolation;
  return unknowns_ > 0 ? Verdict::kUnknown : Verdict::kOk;
}

std::vector<std::string> Summary::marks_never_reached() const {
  std::vector<std::string> never;
  for (const std::string_view mark : all_marks()) {
    if (!marks_.contains(std::string(mark))) never.emplace_back(mark);
  }
  return never;
}

Json Summary::json(double wall_seconds, const std::string& resume) const {
  Json faults = Json::object();
  for (const FaultSpec& spec : fault_table()) {
    const auto position = faults_.find(std::string(spec.name));
    const FaultCount count = position == faults_.end() ? FaultCount{} : position->second;
    faults[std::string(spec.name)] = {
        {"offered", count.offered}, {"applied", count.applied}, {"effective", count.effective}};
  }
  Json slowest = Json::array();
  for (const Slow& slow : slowest_) {
    slowest.push_back({{"seed", slow.seed}, {"wall_seconds", rounded(slow.wall_seconds)}});
  }
  Json summary;
  summary["seeds"] = seeds();
  summary["verdict"] = name_of(verdict());
  summary["verdicts"] = {{"ok", ok_}, {"violation", violations_}, {"unknown", unknowns_}};
  summary["complete"] = resume.empty();
  summary["resume"] = resume;
  summary["virtual_seconds"] = rounded(virtual_seconds_);
  summary["wall_seconds"] = rounded(wall_seconds);
  summary["run_wall_seconds"] = rounded(run_seconds_);
  summary["events"] = events_;
  summary["operations"] = {
      {"ok", operations_ok_}, {"fail", operations_fail_}, {"info", operations_info_}};
  summary["faults"] = std::move(faults);
  summary["marks"] = marks_;
  summary["marks_never_reached"] = marks_never_reached();
  summary["violated"] = violated_;
  summary["violations"] = findings_json(found_);
  summary["unknowns"] = findings_json(unknown_found_);
  summary["slowest"] = std::move(slowest);
  Json line;
  line["summary"] = std::move(summary);
  return line;
}

std::string Summary::table(double wall_seconds) const {
  const auto number = [](std::uint64_t value) { return with_commas(value); };
  const std::uint64_t operations = operations_ok_ + operations_fail_ + operations_info_;
  const double busy = std::max(run_seconds_, 1e-9);
  std::string out;
  out += format("%-22s%15s%15s%15s\n", "fault", "offered", "applied", "effective");
  for (const FaultSpec& spec : fault_table()) {
    const std::string name(spec.name);
    const auto position = faults_.find(name);
    if (position == faults_.end()) continue;
    const FaultCount& count = position->second;
    out += format("%-22s%15s%15s%15s\n", name.c_str(), number(count.offered).c_str(),
                  number(count.applied).c_str(), number(count.effective).c_str());
  }
  out += format("\n%-15s%15s   ok %s, violation %s, unknown %s\n", "seeds", number(seeds()).c_str(),
                number(ok_).c_str(), number(violations_).c_str(), number(unknowns_).c_str());
  out += format("%-15s%13.0f s   in %.1f s; %.0f virtual seconds a second and process\n",
                "virtual time", virtual_seconds_, wall_seconds, virtual_seconds_ / busy);
  out += format("%-15s%15s   %.2f million a second and process\n", "events",
                number(events_).c_str(), static_cast<double>(events_) / busy / 1e6);
  out += format("%-15s%15s   ok %s (%.1f %%), failed %s, unknown %s\n", "operations",
                number(operations).c_str(), number(operations_ok_).c_str(),
                percent(operations_ok_, operations), number(operations_fail_).c_str(),
                number(operations_info_).c_str());
  const std::vector<std::string> never = marks_never_reached();
  out += format("%-15s%15s   of %zu\n", "marks reached",
                number(all_marks().size() - never.size()).c_str(), all_marks().size());
  for (const std::string& mark : never) out += "  never: " + mark + "\n";
  if (!slowest_.empty()) {
    out += "slowest seeds ";
    for (const Slow& slow : slowest_) {
      out +=
          format(" %llu (%.2f s)", static_cast<unsigned long long>(slow.seed), slow.wall_seconds);
    }
    out += "\n";
  }
  for (const auto* findings : {&found_, &unknown_found_}) {
    for (const Finding& finding : *findings) {
      out += format("\n%s of %s: ", findings == &found_ ? "VIOLATION" : "UNKNOWN",
                    finding.violated.c_str());
      out += first_line(finding.detail) + "\n  " + finding.reproduce + "\n";
    }
  }
  out += format("\nverdict        %s\n", name_of(verdict()));
  return out;
}

}  // namespace synchrodb::sim
