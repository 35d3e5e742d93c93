// Assertions that stay on in every build.
//
// A failed assertion is a defect of SynchroDB, never of its input: input is answered with an error
// value. The handler defaults to printing and aborting; the simulator installs one that records a
// violation of the run instead.
#pragma once

namespace synchrodb {

// Called with the failed condition, what it means and where. Must not return.
using AssertionHandler = void (*)(const char* condition, const char* meaning, const char* file,
                                  int line);

// Installs `handler` for the calling thread and returns the one before it.
AssertionHandler set_assertion_handler(AssertionHandler handler);

[[noreturn]] void assertion_failed(const char* condition, const char* meaning, const char* file,
                                   int line);

}  // namespace synchrodb

#define SYNCHRODB_ASSERT(condition, meaning)         \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::synchrodb::assertion_failed(#condition, meaning, __FILE__, __LINE__))
