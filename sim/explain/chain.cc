#include "sim/explain/chain.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "sim/explain/words.h"

namespace synchrodb::sim {
namespace {

using Kind = Happening::Kind;

struct Weight {
  std::string_view event;
  std::int64_t weight;
};

constexpr std::array kTelling{Weight{"became-leader", 8},
                              Weight{"storage-fault", 8},
                              Weight{"power-lost", 8},
                              Weight{"wiped", 8},
                              Weight{"truncated", 6},
                              Weight{"snapshot-installed", 6},
                              Weight{"killed", 6},
                              Weight{"ended-itself", 6},
                              Weight{"stepped-down", 5},
                              Weight{"became-candidate", 4},
                              Weight{"fault-begins", 4},
                              Weight{"restored", 2},
                              Weight{"vote-granted", 3},
                              Weight{"configuration", 2},
                              Weight{"transfer-started", 3},
                              Weight{"paused", 3},
                              Weight{"resumed", 3},
                              Weight{"recovery-started", 3},
                              Weight{"recovery-finished", 3},
                              Weight{"started", 3},
                              Weight{"snapshot-sending", 2},
                              Weight{"fault-ends", 2},
                              Weight{"recovered", 1},
                              Weight{"snapshot-taken", 1},
                              Weight{"transfer-aborted", 1},
                              Weight{"became-follower", 1},
                              Weight{"became-learner", 1},
                              Weight{"became-pre-candidate", 1}};
constexpr std::int64_t kWrongOperation = 20;

// In thousandths of a weight.
constexpr std::int64_t kUnit = 1'000;
constexpr std::int64_t kMessageCost = kUnit;
constexpr std::int64_t kHeartbeatCost = 3 * kUnit;
// What a client that is waiting for a wrong answer asks and is told, and the message that brought
// the last event about, are rather a gain.
constexpr std::int64_t kGain = 10 * kUnit;
// What weighs less than this is not worth a line.
constexpr std::int64_t kLeast = kUnit / 2;
// An event so much older than the anomaly weighs half.
constexpr std::int64_t kHalfAgeMs = 1'000;
// So much more weighs what happens to the node that the anomaly is about.
constexpr std::int64_t kAccused = 4;

std::int64_t cost_of(const Happening& delivery) {
  const std::string_view type = delivery.name;
  if (type.starts_with("heartbeat")) return kHeartbeatCost;
  return type.find("vote") != std::string_view::npos ? 0 : kMessageCost;
}

std::int64_t weight_of(const Happenings& run, const Happening& happening, std::int64_t end_ns,
                       const Anomaly& anomaly) {
  std::int64_t told = telling(run, happening);
  if (told == 0) return 0;
  if (anomaly.node && happening.lane == *anomaly.node + 1) told *= kAccused;
  const std::int64_t age_ms = std::max<std::int64_t>(end_ns - happening.time_ns, 0) / 1'000'000;
  const std::int64_t weight = told * kUnit * kHalfAgeMs / (kHalfAgeMs + age_ms);
  return weight < kLeast ? 0 : weight;
}

// When the judge had seen enough: the position of its verdict, or the end.
std::size_t seen_until(const Happenings& run) {
  for (std::size_t i = 0; i < run.all.size(); ++i) {
    if (run.all[i].lane == kWorld && std::strcmp(run.all[i].name, "violation") == 0) return i;
  }
  return run.all.size();
}

// The last that happened on every lane before a position.
std::vector<std::size_t> last_on_lanes(const Happenings& run, std::size_t until) {
  std::map<Lane, std::size_t> last;
  for (std::size_t i = 0; i < until; ++i) {
    const Happening& each = run.all[i];
    if (each.lane != kWorld && each.kind != Kind::kLost) last[each.lane] = i;
  }
  std::vector<std::size_t> ends;
  ends.reserve(last.size());
  for (const auto& [lane, at] : last) ends.push_back(at);
  return ends;
}

// Where the chain may end, which is what the judge looked at: the last answer to an operation that
// is wrong; else the last that happened on the lane that is accused; else what was just happening
// when the judge spoke; else the last on any lane.
std::vector<std::size_t> last_seen(const Happenings& run, const Anomaly& anomaly) {
  for (std::size_t i = run.all.size(); i-- > 0;) {
    const Happening& each = run.all[i];
    if (each.kind == Kind::kCompleted && run.operations[each.operation].wrong) return {i};
  }
  const std::size_t until = seen_until(run);
  std::vector<std::size_t> ends = last_on_lanes(run, until);
  for (const std::size_t at : ends) {
    if (anomaly.node && run.all[at].lane == *anomaly.node + 1) return {at};
  }
  if (until == run.all.size()) return ends;
  for (const std::size_t at : ends) {
    if (at + 1 == until && run.all[at].time_ns == run.all[until].time_ns) return {at};
  }
  return ends;
}

// The message that arrived at the moment of a happening, on its lane.
std::size_t trigger_of(const Happenings& run, std::size_t at) {
  const std::int64_t now = run.all[at].time_ns;
  for (std::size_t i = at; i != kNone && run.all[i].time_ns == now; i = run.all[i].previous) {
    if (run.all[i].kind == Kind::kDelivered) return i;
  }
  return kNone;
}

// The heaviest path to each happening.
class Heaviest {
 public:
  // Of the first `until` happenings; ages are those at `end_ns`. `trigger`: the message that
  // brought the last one about, or kNone.
  Heaviest(const Happenings& run, const Anomaly& anomaly, std::int64_t end_ns, std::size_t until,
           std::size_t trigger)
      : total_(until), from_(until, kNone) {
    std::set<Lane> waiting;
    for (std::size_t i = 0; i < until; ++i) {
      const Happening& each = run.all[i];
      note_waiting(run, each, waiting);
      if (each.kind == Kind::kDelivered) {
        const bool asked = waiting.contains(each.lane) || waiting.contains(each.other);
        consider(i, each.sending, asked || i == trigger ? -kGain : cost_of(each));
      }
      consider(i, each.previous, 0);
      consider(i, each.earlier, 0);
      total_[i] += weight_of(run, each, end_ns, anomaly);
    }
  }

  std::int64_t total(std::size_t at) const { return total_[at]; }

  std::vector<std::size_t> path_to(std::size_t at) const {
    std::vector<std::size_t> path;
    for (; at != kNone; at = from_[at]) path.push_back(at);
    std::reverse(path.begin(), path.end());
    return path;
  }

 private:
  // Which clients have an operation open that is wrong.
  static void note_waiting(const Happenings& run, const Happening& each, std::set<Lane>& waiting) {
    if (each.operation == kNone || !run.operations[each.operation].wrong) return;
    if (each.kind == Kind::kInvoked) {
      waiting.insert(each.lane);
    } else {
      waiting.erase(each.lane);
    }
  }

  // The first of equals stays: a message, so that of several the latest is taken. Where nothing
  // before is worth telling, the path begins.
  void consider(std::size_t at, std::size_t before, std::int64_t cost) {
    if (before == kNone || total_[before] - cost <= total_[at]) return;
    total_[at] = total_[before] - cost;
    from_[at] = before;
  }

  std::vector<std::int64_t> total_;
  std::vector<std::size_t> from_;
};

}  // namespace

std::int64_t telling(const Happenings& run, const Happening& happening) {
  if (happening.kind == Kind::kInvoked || happening.kind == Kind::kCompleted) {
    return run.operations[happening.operation].wrong ? kWrongOperation : 0;
  }
  if (happening.kind != Kind::kEvent) return 0;
  const auto known = std::find_if(kTelling.begin(), kTelling.end(),
                                  [&](const Weight& each) { return each.event == happening.name; });
  if (known == kTelling.end()) return 0;
  // The first start of a machine, its first configuration and a pre-vote are everyday life.
  const std::string_view event = known->event;
  const bool usual = (event == "started" && happening.extra == 1) ||
                     (event == "configuration" && happening.index == 1) ||
                     (event == "vote-granted" && happening.extra == 1);
  return usual ? 1 : known->weight;
}

std::vector<std::size_t> causal_chain(const Happenings& run, const Anomaly& anomaly) {
  const std::vector<std::size_t> ends = last_seen(run, anomaly);
  if (ends.empty()) return {};
  const std::size_t last = *std::max_element(ends.begin(), ends.end());
  const std::int64_t end_ns = anomaly.time_ns.value_or(run.all[last].time_ns);
  const std::size_t trigger = ends.size() == 1 ? trigger_of(run, last) : kNone;
  const Heaviest heaviest(run, anomaly, end_ns, last + 1, trigger);
  const std::size_t best = *std::max_element(
      ends.begin(), ends.end(),
      [&](std::size_t a, std::size_t b) { return heaviest.total(a) < heaviest.total(b); });
  return heaviest.path_to(best);
}

std::vector<std::size_t> meanwhile(const Happenings& run, const std::vector<std::size_t>& chain,
                                   std::size_t most) {
  if (chain.empty()) return {};
  std::vector<std::size_t> found;
  std::map<std::string, int> alike;
  for (std::size_t i = chain.back(); i-- > chain.front();) {
    const bool of_chain = std::binary_search(chain.begin(), chain.end(), i);
    if (of_chain || telling(run, run.all[i]) < 2) continue;
    if (++alike[words_of(run, run.all[i])] <= 2) found.push_back(i);
  }
  if (found.size() > most) {
    std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
      return telling(run, run.all[a]) > telling(run, run.all[b]);
    });
    found.resize(most);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace synchrodb::sim
