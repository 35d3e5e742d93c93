// Fibers: the four things that a world must provide. Event, Mutex, Channel and time-outs are
// written once above them, in sync.h.
#pragma once

#include <functional>
#include <string_view>

#include "consensus/types.h"

namespace synchrodb {

// Thrown by park() in a cancelled fiber, to unwind it. Deliberately not a std::exception. Nothing
// above the seam catches it; nobody parks in a catch block or destructor.
struct Cancelled {};

class Fiber;  // opaque; owned by the world, valid until the fiber has ended and its Env is gone

class Fibers {
 public:
  virtual ~Fibers() = default;

  // Starts `body` in a fiber of its own, from the scheduler's next turn on. `name` is for traces
  // and must be a literal.
  virtual Fiber* spawn(const char* name, std::function<void()> body) = 0;
  // The running fiber.
  virtual Fiber* current() = 0;
  // Suspends the running fiber until wake() or until the node's monotonic clock reaches `deadline`.
  // True: woken. False: the deadline passed. A wake() before the park is not remembered: use
  // sync.h.
  virtual bool park(Instant deadline) = 0;
  // Makes a parked fiber runnable; no effect on any other.
  virtual void wake(Fiber* fiber) = 0;
  // The fiber unwinds by Cancelled from its current or next park.
  virtual void cancel(Fiber* fiber) = 0;
};

}  // namespace synchrodb
