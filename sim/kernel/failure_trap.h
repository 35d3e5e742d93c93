// Turns failed assertions into AssertionFailed while a kernel runs.
#pragma once

#include "consensus/assert.h"
#include "sim/kernel/kernel.h"

namespace synchrodb::sim {

// Installed for a scope on the calling thread; scopes of several kernels may nest.
class FailureTrap {
 public:
  explicit FailureTrap(Kernel& kernel);
  ~FailureTrap();
  FailureTrap(const FailureTrap&) = delete;
  FailureTrap& operator=(const FailureTrap&) = delete;

  // Whether the running code is in a catch block, or being unwound.
  static bool handling_exception();
  // Called when the running fiber's stack is left for ever: the thread's exception state becomes
  // the event loop's again.
  static void restore_exception_state();

 private:
  [[noreturn]] static void on_assertion(const char* condition, const char* meaning,
                                        const char* file, int line);
  [[noreturn]] static void on_terminate();

  Kernel* outer_;
  AssertionHandler outer_handler_;
  void* caught_exceptions_;
  unsigned uncaught_exceptions_;
  FailureTrap* outer_trap_;
};

}  // namespace synchrodb::sim
