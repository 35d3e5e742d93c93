#include "cmd/sim/list_command.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cmd/sim/shared.h"
#include "consensus/defects.h"
#include "sim/fault_table.h"
#include "sim/marks.h"
#include "sim/options.h"
#include "sim/oracle/property_table.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

using Json = nlohmann::ordered_json;

struct Listing {
  Json json = Json::array();
  std::string text;
};

std::string padded(std::string_view word, std::size_t width) {
  std::string text(word);
  if (text.size() < width) text.resize(width, ' ');
  return text + " ";
}

Listing list_faults() {
  Listing list;
  std::string_view family;
  for (const FaultSpec& spec : fault_table()) {
    Json parameters = Json::array();
    std::string shown;
    for (const FaultParameter& parameter : spec.parameters) {
      parameters.push_back({{"name", parameter.name},
                            {"default", parameter.standard},
                            {"low", parameter.low},
                            {"high", parameter.high}});
      shown += std::string(shown.empty() ? "" : ", ") + std::string(parameter.name) + " " +
               std::to_string(parameter.standard);
    }
    list.json.push_back({{"name", spec.name},
                         {"family", spec.family},
                         {"description", spec.description},
                         {"incident", spec.incident},
                         {"parameters", std::move(parameters)}});
    if (spec.family != family)
      list.text += (family.empty() ? "" : "\n") + std::string(spec.family) + "\n";
    family = spec.family;
    const std::string indent(29, ' ');
    list.text += "  " + padded(spec.name, 26) + std::string(spec.description) + "\n";
    if (!shown.empty()) list.text.append(indent).append("defaults: ").append(shown).append("\n");
    list.text.append(indent).append("seen: ").append(spec.incident).append("\n");
  }
  return list;
}

Listing list_workloads() {
  Listing list;
  for (const WorkloadSpec& spec : workload_table()) {
    Json operations = Json::object();
    std::string shown;
    for (const OperationKind& kind : spec.operations) {
      operations[std::string(kind.name)] = kind.weight;
      shown +=
          (shown.empty() ? "" : ", ") + std::string(kind.name) + " " + std::to_string(kind.weight);
    }
    list.json.push_back({{"name", spec.name},
                         {"description", spec.description},
                         {"operations", std::move(operations)}});
    list.text += padded(spec.name, 14) + std::string(spec.description) + "\n" +
                 std::string(15, ' ') + "operations and weights: " + shown + "\n";
  }
  return list;
}

Listing list_defects() {
  Listing list;
  for (const DefectName& defect : kDefectNames) {
    list.json.push_back({{"name", defect.name},
                         {"description", defect.description},
                         {"compiled_in", kDefectsCompiledIn}});
    list.text += padded(defect.name, 30) + std::string(defect.description) + "\n";
  }
  if (!kDefectsCompiledIn) {
    list.text +=
        "\nThis build contains none of them; `cmake --preset defects && cmake --build "
        "--preset defects` makes one that does.\n";
  }
  return list;
}

Listing list_marks() {
  Listing list;
  for (const std::string_view mark : all_marks()) {
    list.json.push_back(mark);
    list.text += std::string(mark) + "\n";
  }
  return list;
}

Listing list_options() {
  Listing list;
  for (const OptionSpec& spec : option_table()) {
    list.json.push_back({{"name", spec.name},
                         {"unit", spec.unit},
                         {"default", spec.standard},
                         {"low", spec.low},
                         {"high", spec.high},
                         {"description", spec.description}});
    list.text += padded(spec.name, 26) + padded(std::to_string(spec.standard), 10) +
                 padded(std::to_string(spec.low) + " to " + std::to_string(spec.high), 20) +
                 std::string(spec.description) + "\n";
  }
  return list;
}

Listing list_properties() {
  Listing list;
  for (const PropertySpec& spec : property_table()) {
    list.json.push_back({{"name", spec.name}, {"description", spec.description}});
    list.text += padded(spec.name, 24) + std::string(spec.description) + "\n";
  }
  return list;
}

int list_command(Listing (*make)(), bool json) {
  const Listing list = make();
  Result<> printed = print(json ? list.json.dump(2) + "\n" : list.text);
  return printed ? kExitOk : refuse(printed.error().message, false);
}

}  // namespace

void add_list_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "list", "the tables: faults, workloads, defects, marks, options, properties");
  command->require_subcommand(1);
  struct Table {
    const char* name;
    const char* description;
    Listing (*make)();
  };
  for (const Table& table :
       {Table{"faults", "the fault model", list_faults},
        Table{"workloads", "what clients do", list_workloads},
        Table{"defects", "deliberate defects, for testing the tester", list_defects},
        Table{"marks", "rare situations that a campaign should reach", list_marks},
        Table{"options", "the knobs of --option", list_options},
        Table{"properties", "what the oracle checks; a plan may tolerate some", list_properties}}) {
    auto json = std::make_shared<bool>(false);
    CLI::App* list = command->add_subcommand(table.name, table.description);
    list->add_flag("--json", *json, "prints a JSON array");
    list->callback(
        [json, make = table.make, &exit_code] { exit_code = list_command(make, *json); });
  }
}

}  // namespace synchrodb::sim
