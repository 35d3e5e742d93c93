#include "sim/explain/perfetto.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/explain/spans.h"
#include "sim/explain/strokes.h"
#include "sim/explain/words.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Happening::Kind;

// Processes other than lanes.
constexpr std::uint64_t kFaults = 2'000'000;
constexpr std::uint64_t kChain = 2'000'001;

// Threads of a process.
constexpr int kStates = 1;
constexpr int kMessages = 2;
constexpr int kEvents = 3;

// A flow hangs on slices: so long is one that stands for a moment.
constexpr double kMomentUs = 0.001;

double micros(std::int64_t time_ns) {
  return static_cast<double>(time_ns) / 1e3;
}

class TraceFile {
 public:
  void add(const Json& event) {
    text_ += first_ ? "\n" : ",\n";
    first_ = false;
    text_ += event.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void slice(const std::string& name, std::uint64_t process, int thread, std::int64_t begin_ns,
             double length_us, Json arguments = Json::object()) {
    add({{"ph", "X"},
         {"name", name},
         {"pid", process},
         {"tid", thread},
         {"ts", micros(begin_ns)},
         {"dur", length_us},
         {"args", std::move(arguments)}});
  }

  // What may overlap with its like.
  void stroke(const std::string& name, const char* category, std::size_t id, std::uint64_t process,
              std::int64_t begin_ns, std::int64_t end_ns) {
    for (const auto& [phase, at] : {std::pair("b", begin_ns), std::pair("e", end_ns)}) {
      add({{"ph", phase},
           {"name", name},
           {"cat", category},
           {"id", id},
           {"pid", process},
           {"tid", kStates},
           {"ts", micros(at)}});
    }
  }

  void instant(const std::string& name, std::uint64_t process, int thread, std::int64_t at_ns,
               Json arguments = Json::object()) {
    add({{"ph", "i"},
         {"s", "t"},
         {"name", name},
         {"pid", process},
         {"tid", thread},
         {"ts", micros(at_ns)},
         {"args", std::move(arguments)}});
  }

  void process(std::uint64_t number, const std::string& name, int place, const char* states) {
    add({{"ph", "M"}, {"name", "process_name"}, {"pid", number}, {"args", {{"name", name}}}});
    add({{"ph", "M"},
         {"name", "process_sort_index"},
         {"pid", number},
         {"args", {{"sort_index", place}}}});
    for (const auto& [thread, what] : {std::pair(kStates, states), std::pair(kMessages, "messages"),
                                       std::pair(kEvents, "events")}) {
      add({{"ph", "M"},
           {"name", "thread_name"},
           {"pid", number},
           {"tid", thread},
           {"args", {{"name", what}}}});
    }
  }

  std::string finish() && {
    return "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [" + text_ + "\n]}\n";
  }

 private:
  std::string text_;
  bool first_ = true;
};

void add_processes(TraceFile& file, const Happenings& run) {
  std::set<Lane> lanes;
  for (const Happening& each : run.all) {
    if (each.lane != kWorld) lanes.insert(each.lane);
  }
  int place = 0;
  file.process(kChain, "causal chain", place++, "steps");
  file.process(kFaults, "faults", place++, "faults");
  for (const Lane lane : lanes) {
    file.process(lane, name_of_lane(lane), place++, lane < kFirstClient ? "role" : "operations");
  }
}

void add_messages(TraceFile& file, const Happenings& run) {
  for (std::size_t i = 0; i < run.all.size(); ++i) {
    const Happening& each = run.all[i];
    const std::string type = each.name;
    if (each.kind == Kind::kSent) {
      file.slice("send " + type, each.lane, kMessages, each.time_ns, kMomentUs,
                 {{"to", name_of_lane(each.other)}});
    } else if (each.kind == Kind::kDelivered) {
      file.slice("receive " + type, each.lane, kMessages, each.time_ns, kMomentUs,
                 {{"from", name_of_lane(each.other)}});
      if (each.sending == kNone) continue;
      file.add({{"ph", "s"},
                {"name", type},
                {"cat", "message"},
                {"id", i},
                {"pid", each.other},
                {"tid", kMessages},
                {"ts", micros(run.all[each.sending].time_ns)}});
      file.add({{"ph", "f"},
                {"bp", "e"},
                {"name", type},
                {"cat", "message"},
                {"id", i},
                {"pid", each.lane},
                {"tid", kMessages},
                {"ts", micros(each.time_ns)}});
    } else if (each.kind == Kind::kLost) {
      file.instant("lost: " + type, each.other, kMessages, each.time_ns,
                   {{"to", name_of_lane(each.lane)}, {"why", each.note}});
    }
  }
}

void add_events(TraceFile& file, const Happenings& run) {
  for (const Happening& each : run.all) {
    if (each.kind != Kind::kEvent) continue;
    const bool of_world = each.lane == kWorld;
    Json arguments = {{"words", words_of(run, each)}};
    if (each.term != 0) arguments["term"] = each.term;
    if (each.index != 0) arguments["index"] = each.index;
    file.instant(each.name, of_world ? kFaults : each.lane, kEvents, each.time_ns,
                 std::move(arguments));
  }
}

void add_states(TraceFile& file, const Happenings& run) {
  for (const Span& span : spans_of(run)) {
    file.slice(span.role, span.lane, kStates, span.begin_ns, micros(span.end_ns - span.begin_ns),
               {{"term", span.term}});
  }
  const std::int64_t last = run.all.empty() ? 0 : run.all.back().time_ns;
  std::size_t id = 0;
  for (const SeenOperation& each : run.operations) {
    file.stroke(words_of(each), "operation", id++, each.lane, each.begin_ns,
                each.end_ns.value_or(last));
  }
  for (const Stroke& stroke : strokes_of(run)) {
    const std::string whom = stroke.lane == kWorld ? "" : " on " + name_of_lane(stroke.lane);
    file.stroke(stroke.fault + whom, "fault", id++, kFaults, stroke.begin_ns, stroke.end_ns);
  }
}

void add_chain(TraceFile& file, const Explanation& explanation) {
  for (const ChainStep& step : explanation.chain) {
    file.slice(step.words, kChain, kStates, step.begin_ns,
               std::max(micros(step.end_ns - step.begin_ns), kMomentUs));
  }
  if (!explanation.anomaly.time_ns) return;
  file.instant(explanation.property, kChain, kEvents, *explanation.anomaly.time_ns,
               {{"detail", explanation.detail}});
}

}  // namespace

std::string to_perfetto(const Explanation& explanation) {
  TraceFile file;
  add_processes(file, explanation.run);
  add_chain(file, explanation);
  add_states(file, explanation.run);
  add_messages(file, explanation.run);
  add_events(file, explanation.run);
  return std::move(file).finish();
}

}  // namespace synchrodb::sim
