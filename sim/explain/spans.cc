#include "sim/explain/spans.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

namespace synchrodb::sim {
namespace {

constexpr std::string_view kBecame = "became-";

struct Turn {
  std::optional<std::string> role;  // nothing: it is down
};

// Nothing: the event turns a node into nothing else.
std::optional<Turn> turn_of(std::string_view event, bool of_engine) {
  if (event.starts_with(kBecame)) return Turn{std::string(event.substr(kBecame.size()))};
  if (event == "started") return Turn{of_engine ? "recovering" : "running"};
  if (event == "recovered") return Turn{"follower"};
  if (event == "killed" || event == "power-lost" || event == "ended-itself" || event == "wiped") {
    return Turn{std::nullopt};
  }
  return std::nullopt;
}

bool is_of_engine(const Happenings& run) {
  return std::any_of(run.all.begin(), run.all.end(), [](const Happening& each) {
    return each.kind == Happening::Kind::kEvent && std::string_view(each.name).starts_with(kBecame);
  });
}

}  // namespace

std::vector<Span> spans_of(const Happenings& run) {
  const bool of_engine = is_of_engine(run);
  std::map<Lane, Span> open;
  std::vector<Span> spans;
  const auto close = [&](Lane lane, std::int64_t now) {
    const auto before = open.find(lane);
    if (before == open.end()) return;
    before->second.end_ns = now;
    if (before->second.end_ns > before->second.begin_ns) spans.push_back(before->second);
    open.erase(before);
  };
  for (const Happening& each : run.all) {
    if (each.kind != Happening::Kind::kEvent || each.lane == kWorld) continue;
    const std::optional<Turn> turn = turn_of(each.name, of_engine);
    if (!turn) continue;
    const auto before = open.find(each.lane);
    const std::uint64_t known = before == open.end() ? 0 : before->second.term;
    const std::uint64_t term = each.term != 0 ? each.term : known;
    const bool same = before != open.end() && turn->role == before->second.role && term == known;
    if (same) continue;  // it became what it was
    close(each.lane, each.time_ns);
    if (turn->role) open[each.lane] = Span{each.lane, *turn->role, term, each.time_ns, 0};
  }
  const std::int64_t last = run.all.empty() ? 0 : run.all.back().time_ns;
  while (!open.empty()) close(open.begin()->first, last);
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return std::tie(a.lane, a.begin_ns) < std::tie(b.lane, b.begin_ns);
  });
  return spans;
}

}  // namespace synchrodb::sim
