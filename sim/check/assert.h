// Assertions of the checkers, on in every build.
//
// The checkers stand alone (they link no other part of SynchroDB), so they have an assertion of
// their own: a checker that contradicts itself must not hand out verdicts, and aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace synchrodb::check {

[[noreturn]] inline void assertion_failed(const char* condition, const char* meaning,
                                          const char* file, int line) {
  std::fprintf(stderr, "%s:%d: checker assertion failed: %s (%s)\n", file, line, meaning,
               condition);
  std::abort();
}

}  // namespace synchrodb::check

#define SYNCHRODB_CHECK_ASSERT(condition, meaning)   \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::synchrodb::check::assertion_failed(#condition, meaning, __FILE__, __LINE__))
