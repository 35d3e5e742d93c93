// A failed assertion of the code under test, as a finding instead of a crash.
#pragma once

#include <string>

#include "sim/kernel/true_time.h"

namespace synchrodb::sim {

// Thrown from a failed SYNCHRODB_ASSERT while a Kernel runs, and rethrown by Kernel::run().
// Deliberately not a std::exception, so that no handler of the code under test takes it for its
// own.
//
// Where it cannot be thrown, because the stack is being unwound already or a noexcept function
// stands in the way, the fiber is abandoned instead: its stack is left as it is for ever, what it
// owned leaks, and run() throws the same exception. On the event loop's own stack such a failure
// ends the process.
struct AssertionFailed {
  std::string condition;
  std::string meaning;
  std::string file;
  int line = 0;
  std::string fiber;  // name of the running fiber; empty on the event loop
  TrueTime time;

  // "meaning (condition) at file:line, in fiber `name`, at 1.234567890 s"
  std::string describe() const;
};

}  // namespace synchrodb::sim
