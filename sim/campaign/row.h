// One run as a row of a campaign: the JSON object that `synchrodb-sim run --json` prints and that a
// campaign writes a line of for each seed, and the command that repeats the run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "sim/plan.h"
#include "sim/run.h"

namespace synchrodb::sim {

using Json = nlohmann::ordered_json;

struct Row {
  RunResult result;
  std::string reproduce;
};

// 16 lower-case hex digits.
std::string format_digest(std::uint64_t digest);

// Words for a POSIX shell: quoted where needed.
std::string shell_word(const std::string& word);

// The flags of `synchrodb-sim run` and `campaign` that make this shape, each with a leading space;
// empty for the default shape.
std::string shape_flags(const PlanShape& shape);

// "synchrodb-sim run --seed 7 …".
std::string reproduce_command(std::uint64_t seed, const PlanShape& shape);

// Fields in a fixed order; strings that are no UTF-8 are repaired.
Json row_json(const Row& row);
// The object on one line, without the newline.
std::string write_row(const Row& row);
// Reads what write_row wrote: as much of RunResult as a row holds.
Result<Row> read_row(std::string_view line);

}  // namespace synchrodb::sim
