// One node's clocks, wrong in the ways in which clocks are wrong (design 6.3).
//
// The monotonic clock drifts and never steps. The wall clock has an error of its own: an offset,
// drift, steps, strobes, freezes. What the node sees of it is an interval [reading - bound,
// reading + bound]. An honest clock knows how wrong it may be: its bound is the declared one, or
// the actual error where that is larger, so that the interval contains true civil time always, by
// the narrowest margin at worst. A fault may make it dishonest: then the bound stays the declared
// one, whatever the error. That is beyond what leases promise to survive.
#pragma once

#include <cstdint>

#include "engine/env/clock.h"
#include "sim/fault_counter.h"
#include "sim/kernel/kernel.h"

namespace synchrodb::sim {

struct ClockOptions {
  Instant boot{1'000'000'000};                // the monotonic clock at true time 0
  WallTime epoch{1'767'225'600'000'000'000};  // civil time at true time 0: 2026-01-01T00:00:00Z
  Duration bound = milliseconds(10);          // declared bound of the wall clock's error
  bool synchronised = true;
};

enum class Honesty : std::uint8_t { kHonest, kDishonest };

// Each fault below counts as offered and applied when it is set, and as effective, once, when the
// node reads a value more than a microsecond off.
class SimClock final : public Clock, public LocalTime {
 public:
  // `owner`: whose timers follow the monotonic clock. `node` is for the digest.
  SimClock(Kernel& kernel, Owner owner, std::uint64_t node, FaultCounters& counters,
           ClockOptions options = {});
  ~SimClock() override;

  // What the node reads.
  Instant now() override;
  WallInterval wall_now() override;

  // The same without counting, for the world.
  Instant local_now() const override;
  TrueTime when(Instant instant) const override;
  WallInterval peek_wall() const;
  // Whether the interval contains true civil time now, or makes no claim.
  bool truthful() const;
  // Wall reading minus true civil time.
  Duration wall_error() const;
  WallTime true_civil_time() const;

  // Rate of both clocks from now on: 1,000,000 + ppm true microseconds a second; above -1,000,000.
  void set_drift(std::int64_t ppm);
  // Sets the wall clock's error.
  void set_wall_offset(Duration offset, Honesty honesty = Honesty::kHonest);
  // Moves the wall clock forward or (negative) back.
  void step_wall(Duration delta, Honesty honesty = Honesty::kHonest);
  // The wall clock jumps by `delta` and back again every `period`, until `until` (Jepsen's strobe).
  void strobe_wall(Duration delta, Duration period, TrueTime until,
                   Honesty honesty = Honesty::kHonest);
  // The wall clock's reading stands still; after thaw_wall() it goes on from there.
  void freeze_wall(Honesty honesty = Honesty::kHonest);
  void thaw_wall();
  // A suspended machine: both clocks stand still. On start the monotonic one goes on from where it
  // stopped; the wall clock is set right (honest), or goes on from there too (dishonest).
  void stop();
  void start(Honesty honesty = Honesty::kHonest);
  bool stopped() const { return stopped_; }

  void set_bound(Duration bound) { bound_ = bound; }
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }
  // Ends all clock faults: true rate, wall error 0, honest, no strobe.
  void heal();

 private:
  void rebase();
  Duration drifted(Duration span) const;
  void begin(FaultKind kind, Honesty honesty);
  void note_wall_read();
  void note_mono_read();
  void toggle_strobe();
  static std::uint64_t bit(FaultKind kind) {
    return std::uint64_t{1} << static_cast<unsigned>(kind);
  }

  Kernel& kernel_;
  Owner owner_;
  std::uint64_t node_;
  FaultCounters& counters_;

  // Both clocks are linear since `base_`.
  TrueTime base_;
  Instant mono_base_;
  Duration error_base_;  // of the wall clock
  std::int64_t ppm_ = 0;
  bool stopped_ = false;
  bool frozen_ = false;  // the wall clock only

  WallTime epoch_;
  Duration bound_;
  bool synchronised_;
  bool dishonest_ = false;
  Instant mono_when_drifting_began_;
  TrueTime drifting_since_;
  std::uint64_t unseen_ = 0;  // faults whose effect no read has shown yet, a bit each

  EventId strobe_event_;
  Duration strobe_delta_;
  Duration strobe_period_;
  TrueTime strobe_until_;
  bool strobe_on_ = false;
};

}  // namespace synchrodb::sim
