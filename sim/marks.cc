#include "sim/marks.h"

#include <array>
#include <map>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

// Ordered by name. A function's static: other static initializers call register_mark.
std::map<std::string_view, std::uint32_t>& registry() {
  static std::map<std::string_view, std::uint32_t> marks;
  return marks;
}

thread_local std::array<bool, kMaxMarks> reached{};

}  // namespace

std::vector<std::string_view> all_marks() {
  std::vector<std::string_view> names;
  for (const auto& [name, id] : registry()) names.push_back(name);
  return names;
}

void clear_marks() {
  reached.fill(false);
}

std::vector<std::string> reached_marks() {
  std::vector<std::string> names;
  for (const auto& [name, id] : registry()) {
    if (reached[id]) names.emplace_back(name);
  }
  return names;
}

void Mark::reach() const {
  reached[id_] = true;
}

Mark register_mark(const char* name) {
  auto& marks = registry();
  const auto [position, fresh] = marks.try_emplace(name, static_cast<std::uint32_t>(marks.size()));
  SYNCHRODB_ASSERT(position->second < kMaxMarks, "more marks than kMaxMarks");
  return Mark{position->second};
}

void reach_mark(std::string_view name) {
  const auto& marks = registry();
  const auto position = marks.find(name);
  if (position != marks.end()) Mark{position->second}.reach();
}

}  // namespace synchrodb::sim
