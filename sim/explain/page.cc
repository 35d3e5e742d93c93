#include "sim/explain/page.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "consensus/assert.h"
#include "sim/explain/spans.h"
#include "sim/explain/strokes.h"
#include "sim/explain/words.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Happening::Kind;

constexpr std::string_view kPlace = R"({"synchrodb-spacetime": 1})";

// Positions of words in the order of their first mention.
class WordList {
 public:
  explicit WordList(std::vector<std::string> words = {}) : words_(std::move(words)) {}

  std::size_t operator()(const std::string& word) {
    const auto found = std::find(words_.begin(), words_.end(), word);
    if (found != words_.end()) return static_cast<std::size_t>(found - words_.begin());
    words_.push_back(word);
    return words_.size() - 1;
  }
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
};

struct Flight {
  std::size_t sending = kNone;
  std::int64_t end_ns = 0;
  std::int64_t fate = -1;
};

// By sending; a duplicate flies for itself.
std::vector<Flight> flights_of(const Happenings& run, std::int64_t end_ns, WordList& fates) {
  std::vector<Flight> flights;
  std::map<std::size_t, std::size_t> first;
  for (std::size_t i = 0; i < run.all.size(); ++i) {
    const Happening& each = run.all[i];
    if (each.kind == Kind::kSent) {
      first[i] = flights.size();
      flights.push_back({i, end_ns, -1});
    } else if (each.sending != kNone) {
      Flight over{each.sending, each.time_ns, 0};
      if (each.kind == Kind::kLost) {
        over.fate = static_cast<std::int64_t>(fates(*each.note == '\0' ? "lost" : each.note));
      }
      Flight& known = flights[first.at(each.sending)];
      if (known.fate < 0) {
        known = over;
      } else {
        flights.push_back(over);
      }
    }
  }
  std::stable_sort(flights.begin(), flights.end(),
                   [](const Flight& a, const Flight& b) { return a.sending < b.sending; });
  return flights;
}

void add_messages(Json& page, const Happenings& run, std::int64_t end_ns) {
  WordList fates({""});
  WordList types;
  std::map<std::string, Json> columns;
  for (const char* name : {"sent", "end", "from", "to", "type", "fate"}) {
    columns[name] = Json::array();
  }
  for (const Flight& flight : flights_of(run, end_ns, fates)) {
    const Happening& sending = run.all[flight.sending];
    columns["sent"].push_back(sending.time_ns);
    columns["end"].push_back(std::max(flight.end_ns, sending.time_ns));
    columns["from"].push_back(sending.lane);
    columns["to"].push_back(sending.other);
    columns["type"].push_back(types(*sending.name == '\0' ? "unreadable" : sending.name));
    columns["fate"].push_back(flight.fate);
  }
  page["fates"] = fates.words();
  page["types"] = Json::array();
  for (const std::string& type : types.words()) page["types"].push_back({{"name", type}});
  page["messages"] = columns;
}

void add_events(Json& page, const Happenings& run) {
  WordList names;
  std::map<std::string, Json> columns;
  for (const char* name : {"time", "node", "event", "term", "index", "note"}) {
    columns[name] = Json::array();
  }
  for (const Happening& each : run.all) {
    const std::string_view name = each.name;
    // The first say nothing that messages do not; faults have a place of their own.
    if (each.kind != Kind::kEvent || name == "appended" || name == "committed" ||
        name == "lease-served" || name == "fault-begins" || name == "fault-ends") {
      continue;
    }
    columns["time"].push_back(each.time_ns);
    columns["node"].push_back(each.lane);
    columns["event"].push_back(names(each.name));
    columns["term"].push_back(each.term);
    columns["index"].push_back(each.index);
    columns["note"].push_back(each.note);
  }
  page["eventNames"] = names.words();
  page["events"] = columns;
}

void add_lanes(Json& page, const Happenings& run) {
  std::set<Lane> lanes;
  for (const Happening& each : run.all) {
    if (each.lane != kWorld) lanes.insert(each.lane);
  }
  page["lanes"] = Json::array();
  for (const Lane lane : lanes) {
    page["lanes"].push_back({{"id", lane}, {"name", name_of_lane(lane)}});
  }
}

void add_states(Json& page, const Happenings& run, std::int64_t end_ns) {
  page["faults"] = Json::array();
  for (const Stroke& each : strokes_of(run)) {
    page["faults"].push_back({{"fault", each.fault},
                              {"node", each.lane},
                              {"begin", each.begin_ns},
                              {"end", each.end_ns}});
  }
  page["spans"] = Json::array();
  for (const Span& each : spans_of(run)) {
    page["spans"].push_back({{"node", each.lane},
                             {"role", each.role},
                             {"term", each.term},
                             {"begin", each.begin_ns},
                             {"end", each.end_ns}});
  }
  page["operations"] = Json::array();
  for (const SeenOperation& each : run.operations) {
    page["operations"].push_back({{"node", each.lane},
                                  {"begin", each.begin_ns},
                                  {"end", each.end_ns.value_or(end_ns)},
                                  {"type", each.type},
                                  {"wrong", each.wrong},
                                  {"words", words_of(each)}});
  }
}

Json chain_of(const Explanation& explanation) {
  Json chain = Json::array();
  for (const ChainStep& step : explanation.chain) {
    chain.push_back({{"begin", step.begin_ns},
                     {"end", step.end_ns},
                     {"from", step.from},
                     {"to", step.to},
                     {"words", step.words},
                     {"realTime", step.by_real_time}});
  }
  return chain;
}

}  // namespace

std::string spacetime_page(std::string json) {
  // Nothing in it may end the element that it stands in.
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos; at += 6) {
    json.replace(at, 1, "\\u003c");
  }
  std::string page(spacetime_template());
  const std::size_t place = page.find(kPlace);
  SYNCHRODB_ASSERT(place != std::string::npos, "the page has a place for its data");
  return page.replace(place, kPlace.size(), json);
}

std::string to_html(const Explanation& explanation) {
  const Happenings& run = explanation.run;
  const std::int64_t last = run.all.empty() ? 0 : run.all.back().time_ns;
  Json page;
  page["synchrodb-spacetime"] = 1;
  page["title"] = "Seed " + std::to_string(explanation.plan.seed);
  page["verdict"] = name_of(Verdict::kViolation);
  page["violated"] = explanation.property;
  page["detail"] = explanation.detail;
  page["reproduce"] = explanation.reproduce;
  page["window"] = {0, std::max<std::int64_t>(last + last / 200, 1'000'000)};
  add_lanes(page, run);
  add_messages(page, run, last);
  add_events(page, run);
  add_states(page, run, last);
  const Anomaly& anomaly = explanation.anomaly;
  page["anomaly"] = {{"name", explanation.property},
                     {"time", anomaly.time_ns ? Json(*anomaly.time_ns) : Json(nullptr)},
                     {"begin", anomaly.begin_ns ? Json(*anomaly.begin_ns) : Json(nullptr)}};
  page["chain"] = chain_of(explanation);
  return spacetime_page(page.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace synchrodb::sim
