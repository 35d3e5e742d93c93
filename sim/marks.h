// SOMETIMES(condition, "what happened"): rare situations worth reaching, as FoundationDB's probes.
// Each site registers itself before main(), so that a campaign can list those never reached.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::sim {

// All registered marks, sorted by name.
std::vector<std::string_view> all_marks();
// Forgets what this thread has reached / lists it, sorted.
void clear_marks();
std::vector<std::string> reached_marks();

class Mark {
 public:
  explicit constexpr Mark(std::uint32_t id) : id_(id) {}
  void reach() const;

 private:
  std::uint32_t id_;
};

// Registers `name` (a literal) once and returns its mark; the same name gives the same mark.
Mark register_mark(const char* name);
// Reaches a mark that was registered under `name`; ignored if it was not.
void reach_mark(std::string_view name);

}  // namespace synchrodb::sim
