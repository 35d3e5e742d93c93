// Plans as JSON. Whoever wrote the text may be hostile: sizes and depth are bounded, every field is
// checked for type and range, and what is not understood is refused.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sim/duration_text.h"
#include "sim/plan.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;
using IntegerMap = std::map<std::string, std::int64_t>;

constexpr int kMaxDepth = 8;

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 60)) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown;
}

// The fields of one object. The first problem stays in `problem`; after it reads do nothing.
class Fields {
 public:
  Fields(const Json& object, std::string path, std::string& problem)
      : object_(object), path_(std::move(path)), problem_(problem) {
    if (!object.is_object()) fail(path_.empty() ? "the plan" : path_, "must be an object");
  }

  const Json* require(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) fail(path_ + name, "is missing");
    return value;
  }
  // Null when absent.
  const Json* find(const char* name) {
    if (!problem_.empty()) return nullptr;
    known_.insert(name);
    const auto position = object_.find(name);
    return position == object_.end() ? nullptr : &*position;
  }

  void read(const char* name, std::uint64_t& out) {
    if (const Json* value = find(name)) out = natural(path_ + name, *value, ~std::uint64_t{0});
  }
  void read(const char* name, std::uint32_t& out) {
    if (const Json* value = find(name)) {
      constexpr auto kLimit = std::numeric_limits<std::uint32_t>::max();
      out = static_cast<std::uint32_t>(natural(path_ + name, *value, kLimit));
    }
  }
  void read(const char* name, std::int64_t& out) {
    if (const Json* value = find(name)) out = integer(path_ + name, *value);
  }
  void read(const char* name, bool& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) return fail(path_ + name, "must be true or false");
    out = value->get<bool>();
  }
  void read(const char* name, std::string& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) return fail(path_ + name, "must be a string");
    out = value->get<std::string>();
  }
  void read(const char* name, Duration& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) {
      return fail(path_ + name, "must be a duration as a string, such as \"1.5s\"");
    }
    const Result<Duration> duration = parse_duration(value->get_ref<const std::string&>());
    if (!duration) return fail(path_ + name, duration.error().message);
    out = duration.value();
  }
  void read(const char* name, IntegerMap& out) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_object()) return fail(path_ + name, "must be an object");
    for (const auto& [key, number] : value->items()) {
      out[key] = integer(path_ + name + "." + printable(key), number);
    }
  }
  void read(const char* name, std::vector<std::uint32_t>& out) {
    for_each(name, [&](const Json& element, const std::string& path) {
      constexpr auto kLimit = std::numeric_limits<std::uint32_t>::max();
      out.push_back(static_cast<std::uint32_t>(natural(path, element, kLimit)));
    });
  }

  void read(const char* name, std::vector<std::string>& out) {
    for_each(name, [&](const Json& element, const std::string& path) {
      if (!element.is_string()) return fail(path, "must be a string");
      out.push_back(element.get<std::string>());
    });
  }

  // Calls action(element, path) for the array's elements; none when it is absent.
  template <class Action>
  void for_each(const char* name, Action action) {
    const Json* value = find(name);
    if (value == nullptr) return;
    if (!value->is_array()) return fail(path_ + name, "must be an array");
    if (value->size() > kMaxFaultActions) return fail(path_ + name, "is too long");
    for (std::size_t i = 0; i < value->size() && problem_.empty(); ++i) {
      action((*value)[i], path_ + name + "[" + std::to_string(i) + "]");
    }
  }

  void refuse_unknown() {
    if (!problem_.empty()) return;
    for (const auto& [key, value] : object_.items()) {
      if (!known_.contains(key)) return fail(path_ + printable(key), "unknown field");
    }
  }

 private:
  void fail(const std::string& field, const std::string& why) {
    if (problem_.empty()) problem_ = field + ": " + why;
  }

  std::uint64_t natural(const std::string& field, const Json& value, std::uint64_t limit) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= limit) {
      return value.get<std::uint64_t>();
    }
    fail(field, "must be an integer from 0 to " + std::to_string(limit));
    return 0;
  }
  std::int64_t integer(const std::string& field, const Json& value) {
    constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= kLimit
                                                 : value.is_number_integer();
    if (fits) return value.get<std::int64_t>();
    fail(field, "must be a whole number of at most 63 bits");
    return 0;
  }

  const Json& object_;
  std::string path_;
  std::string& problem_;
  std::set<std::string> known_;
};

// nlohmann's parser takes the last of two equal keys in silence, and any depth.
class Guard {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth > kMaxDepth)
      problem_ = "the plan: nested more than " + std::to_string(kMaxDepth) + " deep";
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end && !keys_.empty()) keys_.pop_back();
    if (event == Event::key && !keys_.empty()) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) problem_ = printable(key) + ": named twice";
    }
    return problem_.empty();
  }
  const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

FaultAction read_action(const Json& json, const std::string& path, std::string& problem) {
  FaultAction action;
  Fields fields(json, path + ".", problem);
  fields.require("fault");
  fields.read("fault", action.fault);
  fields.require("at");
  fields.read("at", action.at);
  fields.read("lasting", action.lasting);
  fields.read("nodes", action.nodes);
  fields.read("target", action.target);
  fields.read("parameters", action.parameters);
  fields.refuse_unknown();
  return action;
}

DrawOverride read_override(const Json& json, const std::string& path, std::string& problem) {
  DrawOverride draw;
  Fields fields(json, path + ".", problem);
  for (const char* name : {"purpose", "counter", "value"}) fields.require(name);
  fields.read("purpose", draw.purpose);
  fields.read("a", draw.a);
  fields.read("b", draw.b);
  fields.read("counter", draw.counter);
  fields.read("value", draw.value);
  fields.refuse_unknown();
  return draw;
}

PlanBranch read_branch(const Json& json, const std::string& path, std::string& problem) {
  PlanBranch branch;
  Fields fields(json, path + ".", problem);
  for (const char* name : {"at", "noise_key"}) fields.require(name);
  fields.read("at", branch.at);
  fields.read("noise_key", branch.noise_key);
  fields.refuse_unknown();
  return branch;
}

WorkloadPlan read_workload(const Json& json, std::string& problem) {
  WorkloadPlan workload;
  Fields fields(json, "workload.", problem);
  fields.require("name");
  fields.read("name", workload.name);
  fields.read("clients", workload.clients);
  fields.read("milli_rate", workload.milli_rate);
  fields.read("keys", workload.keys);
  fields.read("mix", workload.mix);
  if (fields.find("mix") == nullptr) workload.mix = default_mix(workload.name);
  fields.refuse_unknown();
  return workload;
}

Plan read_fields(const Json& json, std::string& problem) {
  Plan plan;
  Fields fields(json, "", problem);
  std::int64_t version = 0;
  fields.require("version");
  fields.read("version", version);
  if (problem.empty() && version != kPlanVersion) {
    problem = "version: " + std::to_string(version) + " is not " + std::to_string(kPlanVersion) +
              ", the one that this build reads";
  }
  for (const char* name : {"noise_key", "nodes", "time", "faulty_time", "faults"}) {
    fields.require(name);
  }
  fields.read("seed", plan.seed);
  fields.read("noise_key", plan.noise_key);
  fields.read("nodes", plan.nodes);
  fields.read("time", plan.time);
  fields.read("faulty_time", plan.faulty_time);
  fields.read("strategy", plan.strategy);
  fields.read("encode_messages", plan.encode_messages);
  fields.read("options", plan.options);
  if (const Json* workload = fields.require("workload")) {
    plan.workload = read_workload(*workload, problem);
  }
  fields.for_each("faults", [&](const Json& action, const std::string& path) {
    plan.faults.push_back(read_action(action, path, problem));
  });
  fields.read("buggify", plan.buggify);
  fields.for_each("overrides", [&](const Json& draw, const std::string& path) {
    plan.overrides.push_back(read_override(draw, path, problem));
  });
  fields.for_each("branches", [&](const Json& branch, const std::string& path) {
    plan.branches.push_back(read_branch(branch, path, problem));
  });
  fields.read("defect", plan.defect);
  fields.read("beyond_budget", plan.beyond_budget);
  fields.read("tolerated", plan.tolerated);
  fields.refuse_unknown();
  return plan;
}

Json action_json(const FaultAction& action) {
  Json json;
  json["fault"] = action.fault;
  json["at"] = format_duration(action.at);
  if (action.lasting.ns != 0) json["lasting"] = format_duration(action.lasting);
  if (!action.nodes.empty()) json["nodes"] = action.nodes;
  if (!action.target.empty()) json["target"] = action.target;
  if (!action.parameters.empty()) json["parameters"] = action.parameters;
  return json;
}

}  // namespace

std::map<std::string, std::int64_t> default_mix(std::string_view workload) {
  IntegerMap mix;
  if (const WorkloadSpec* spec = find_workload(workload)) {
    for (const OperationKind& kind : spec->operations) mix[std::string(kind.name)] = kind.weight;
  }
  return mix;
}

std::string write_plan(const Plan& plan) {
  Json json;
  json["version"] = plan.version;
  json["seed"] = plan.seed;
  json["noise_key"] = plan.noise_key;
  json["nodes"] = plan.nodes;
  json["time"] = format_duration(plan.time);
  json["faulty_time"] = format_duration(plan.faulty_time);
  json["strategy"] = plan.strategy;
  json["encode_messages"] = plan.encode_messages;
  json["options"] = plan.options;
  Json& workload = json["workload"];
  workload["name"] = plan.workload.name;
  workload["clients"] = plan.workload.clients;
  workload["milli_rate"] = plan.workload.milli_rate;
  workload["keys"] = plan.workload.keys;
  workload["mix"] = plan.workload.mix;
  json["faults"] = Json::array();
  for (const FaultAction& action : plan.faults) json["faults"].push_back(action_json(action));
  json["buggify"] = plan.buggify;
  json["overrides"] = Json::array();
  for (const DrawOverride& draw : plan.overrides) {
    json["overrides"].push_back({{"purpose", draw.purpose},
                                 {"a", draw.a},
                                 {"b", draw.b},
                                 {"counter", draw.counter},
                                 {"value", draw.value}});
  }
  for (const PlanBranch& branch : plan.branches) {
    json["branches"].push_back(
        {{"at", format_duration(branch.at)}, {"noise_key", branch.noise_key}});
  }
  json["defect"] = plan.defect;
  json["beyond_budget"] = plan.beyond_budget;
  if (!plan.tolerated.empty()) json["tolerated"] = plan.tolerated;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Plan> read_plan(std::string_view text) {
  const auto refuse = [](const std::string& why) { return Error{ErrorCode::kInvalid, why}; };
  if (text.size() > kMaxPlanBytes) return refuse("the plan: longer than 64 MiB");
  Guard guard;
  const Json json =
      Json::parse(text.begin(), text.end(), std::ref(guard), /*allow_exceptions=*/false);
  if (!guard.problem().empty()) return refuse(guard.problem());
  if (json.is_discarded()) return refuse("the plan: no JSON, or cut off");
  std::string problem;
  Plan plan = read_fields(json, problem);
  if (!problem.empty()) return refuse(problem);
  if (Result<> valid = validate(plan); !valid) return valid.error();
  return plan;
}

}  // namespace synchrodb::sim
