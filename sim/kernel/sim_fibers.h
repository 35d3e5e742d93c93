// One node's Fibers, over the kernel.
#pragma once

#include "engine/env/fibers.h"
#include "sim/kernel/kernel.h"

namespace synchrodb::sim {

// Deadlines are on the node's monotonic clock. A Fiber* is a TaskId in disguise, never
// dereferenced: using one of an ended fiber has no effect.
class SimFibers final : public Fibers {
 public:
  // All must outlive this.
  SimFibers(Kernel& kernel, Owner owner, const LocalTime& clock)
      : kernel_(kernel), owner_(owner), clock_(clock) {}

  Fiber* spawn(const char* name, std::function<void()> body) override;
  Fiber* current() override;
  bool park(Instant deadline) override;
  void wake(Fiber* fiber) override;
  void cancel(Fiber* fiber) override;

  Owner owner() const { return owner_; }

 private:
  Kernel& kernel_;
  Owner owner_;
  const LocalTime& clock_;
};

}  // namespace synchrodb::sim
