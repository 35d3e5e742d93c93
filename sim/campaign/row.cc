#include "sim/campaign/row.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "sim/duration_text.h"

namespace synchrodb::sim {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ",") + word;
  return joined;
}

// 100,000 operations in 1,000 s: "100" a second.
std::string format_rate(std::int64_t milli_rate) {
  std::string text = std::to_string(milli_rate / 1'000);
  if (const std::int64_t rest = milli_rate % 1'000; rest != 0) {
    std::string fraction = std::to_string(1'000 + rest).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text;
}

Json counts_json(const std::map<std::string, FaultCount>& faults) {
  Json json = Json::object();
  for (const auto& [name, count] : faults) {
    json[name] = {
        {"offered", count.offered}, {"applied", count.applied}, {"effective", count.effective}};
  }
  return json;
}

bool read_verdict(const std::string& word, Verdict& verdict) {
  for (const Verdict candidate : {Verdict::kOk, Verdict::kViolation, Verdict::kUnknown}) {
    if (word != name_of(candidate)) continue;
    verdict = candidate;
    return true;
  }
  return false;
}

// Throws nlohmann's exceptions on a field of the wrong type; read_row catches them.
void read_fields(const Json& json, Row& row) {
  RunResult& result = row.result;
  result.seed = json.at("seed").get<std::uint64_t>();
  result.violated = json.at("violated").get<std::string>();
  result.detail = json.value("detail", "");
  result.nodes = json.at("nodes").get<std::uint32_t>();
  result.virtual_seconds = json.at("virtual_seconds").get<double>();
  result.wall_seconds = json.at("wall_seconds").get<double>();
  result.events = json.at("events").get<std::uint64_t>();
  const Json& operations = json.at("operations");
  result.ok = operations.at("ok").get<std::uint64_t>();
  result.fail = operations.at("fail").get<std::uint64_t>();
  result.info = operations.at("info").get<std::uint64_t>();
  for (const auto& [name, count] : json.at("faults").get_ref<const Json::object_t&>()) {
    result.faults[name] = FaultCount{count.at("offered").get<std::uint64_t>(),
                                     count.at("applied").get<std::uint64_t>(),
                                     count.at("effective").get<std::uint64_t>()};
  }
  result.tolerated = json.value("tolerated", result.tolerated);
  result.marks = json.at("marks").get<std::vector<std::string>>();
  row.reproduce = json.at("reproduce").get<std::string>();
}

}  // namespace

std::string format_digest(std::uint64_t digest) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(digest));
  return text.data();
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,=:+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shape_flags(const PlanShape& shape) {
  const PlanShape standard;
  std::string flags;
  const auto add = [&](const std::string& flag, const std::string& value) {
    flags += " --" + flag + " " + shell_word(value);
  };
  if (shape.nodes != standard.nodes) add("nodes", std::to_string(shape.nodes));
  if (shape.time != standard.time) add("time", format_duration(shape.time));
  if (!shape.workload.empty()) add("workload", shape.workload);
  if (shape.milli_rate != standard.milli_rate) add("rate", format_rate(shape.milli_rate));
  if (shape.clients != standard.clients) add("clients", std::to_string(shape.clients));
  if (!shape.faults.empty()) add("faults", join(shape.faults));
  for (const auto& [name, value] : shape.options) add("option", name + "=" + std::to_string(value));
  if (!shape.defect.empty()) add("defect", shape.defect);
  if (!shape.strategy.empty()) add("strategy", shape.strategy);
  if (shape.beyond_budget) flags += " --beyond-budget";
  return flags;
}

std::string reproduce_command(std::uint64_t seed, const PlanShape& shape) {
  return "synchrodb-sim run --seed " + std::to_string(seed) + shape_flags(shape);
}

Json row_json(const Row& row) {
  const RunResult& result = row.result;
  Json json;
  json["seed"] = result.seed;
  json["verdict"] = name_of(result.verdict);
  json["violated"] = result.violated;
  json["digest"] = format_digest(result.digest);
  json["nodes"] = result.nodes;
  json["virtual_seconds"] = result.virtual_seconds;
  json["wall_seconds"] = std::round(result.wall_seconds * 1e6) / 1e6;
  json["events"] = result.events;
  json["operations"] = {{"ok", result.ok}, {"fail", result.fail}, {"info", result.info}};
  json["faults"] = counts_json(result.faults);
  if (!result.tolerated.empty()) json["tolerated"] = result.tolerated;
  json["marks"] = result.marks;
  json["reproduce"] = row.reproduce;
  if (result.verdict != Verdict::kOk) {
    json["detail"] = result.detail;
    json["last_events"] = result.last_events;
  }
  return json;
}

std::string write_row(const Row& row) {
  return row_json(row).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Row> read_row(std::string_view line) {
  const Json json = Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "no JSON object"};
  Row row;
  try {
    read_fields(json, row);
    if (!read_verdict(json.at("verdict").get<std::string>(), row.result.verdict)) {
      return Error{ErrorCode::kInvalid, "verdict: none of ok, violation, unknown"};
    }
    const auto digest = json.at("digest").get<std::string>();
    const char* end = digest.data() + digest.size();
    const auto parsed = std::from_chars(digest.data(), end, row.result.digest, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return Error{ErrorCode::kInvalid, "digest: no hex number"};
    }
    if (json.contains("last_events")) {
      row.result.last_events = json.at("last_events").get<std::vector<std::string>>();
    }
  } catch (const Json::exception& wrong) {
    return Error{ErrorCode::kInvalid, std::string("no row of a campaign: ") + wrong.what()};
  }
  return row;
}

}  // namespace synchrodb::sim
