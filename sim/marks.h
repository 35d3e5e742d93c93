// SOMETIMES(condition, "what happened"): rare situations worth reaching, as FoundationDB's probes.
// Each site registers itself before main(), so that a campaign can list those never reached.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::sim {

// More marks than this abort at start-up.
inline constexpr std::size_t kMaxMarks = 1024;

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

namespace detail {

template <std::size_t N>
struct MarkName {
  consteval MarkName(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT
  char text[N];
};

// One object for each name in the program; its initializer runs before main().
template <MarkName name>
struct MarkSite {
  static inline const Mark mark = register_mark(name.text);
};

}  // namespace detail

}  // namespace synchrodb::sim

// Evaluates `condition` once; `name` is a string literal.
#define SOMETIMES(condition, name)                                         \
  do {                                                                     \
    if (condition) ::synchrodb::sim::detail::MarkSite<name>::mark.reach(); \
  } while (false)
