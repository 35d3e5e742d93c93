#include "sim/clock/sim_clock.h"

#include <algorithm>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t kMillion = 1'000'000;
// An effect smaller than this is not counted.
constexpr std::int64_t kNoticeable = 1'000;

bool noticeable(Duration d) {
  return d.ns > kNoticeable || d.ns < -kNoticeable;
}

}  // namespace

SimClock::SimClock(Kernel& kernel, Owner owner, std::uint64_t node, FaultCounters& counters,
                   ClockOptions options)
    : kernel_(kernel),
      owner_(owner),
      node_(node),
      counters_(counters),
      base_(kernel.now()),
      mono_base_(options.boot + (kernel.now() - TrueTime{})),
      epoch_(options.epoch),
      bound_(options.bound),
      synchronised_(options.synchronised) {}

SimClock::~SimClock() {
  kernel_.cancel(strobe_event_);
}

// ---- Reading.

// What the oscillator makes of a span of true time, minus that span. Truncation towards zero keeps
// the clock from running backwards.
Duration SimClock::drifted(Duration span) const {
  if (ppm_ == 0) return {};
  return {static_cast<std::int64_t>(static_cast<Wide>(span.ns) * ppm_ / kMillion)};
}

Instant SimClock::local_now() const {
  if (stopped_) return mono_base_;
  const Duration span = kernel_.now() - base_;
  return mono_base_ + span + drifted(span);
}

TrueTime SimClock::when(Instant instant) const {
  if (instant == kNever || stopped_) return kEndOfTime;
  const Duration target = instant - local_now();
  if (target.ns <= 0) return kernel_.now();
  if (ppm_ == 0) return kernel_.now() + target;
  // The least span since base_ with span + drifted(span) >= goal: near goal * 10^6 / (10^6 + ppm).
  const std::int64_t goal = (instant - mono_base_).ns;
  const Wide estimate = static_cast<Wide>(goal) * kMillion / (kMillion + ppm_);
  if (estimate > kEndOfTime.ns / 2) return kEndOfTime;
  Duration span{static_cast<std::int64_t>(estimate)};
  while (span.ns + drifted(span).ns < goal) ++span.ns;
  while (span.ns > 0 && span.ns - 1 + drifted({span.ns - 1}).ns >= goal) --span.ns;
  return base_ + span;
}

WallTime SimClock::true_civil_time() const {
  return epoch_ + (kernel_.now() - TrueTime{});
}

Duration SimClock::wall_error() const {
  const Duration span = kernel_.now() - base_;
  if (stopped_ || frozen_) return error_base_ - span;
  return error_base_ + drifted(span);
}

WallInterval SimClock::peek_wall() const {
  const Duration error = wall_error();
  const WallTime reading = true_civil_time() + error;
  if (!synchronised_) return WallInterval{reading, reading, false};
  Duration bound = bound_;
  if (!dishonest_) bound = std::max(bound, std::max(error, Duration{-error.ns}));
  return WallInterval{reading + Duration{-bound.ns}, reading + bound, true};
}

bool SimClock::truthful() const {
  const WallInterval wall = peek_wall();
  const WallTime truth = true_civil_time();
  return !wall.synchronised || (wall.earliest <= truth && truth <= wall.latest);
}

Instant SimClock::now() {
  if (unseen_ != 0) [[unlikely]] {
    note_mono_read();
  }
  return local_now();
}

WallInterval SimClock::wall_now() {
  if (unseen_ != 0) [[unlikely]] {
    note_wall_read();
  }
  return peek_wall();
}

void SimClock::note_mono_read() {
  const std::uint64_t drift = bit(FaultKind::kClockDrift);
  if ((unseen_ & drift) == 0) return;
  const Duration elapsed = kernel_.now() - drifting_since_;
  const Duration shown = local_now() - mono_when_drifting_began_;
  if (!noticeable(shown - elapsed)) return;
  unseen_ &= ~drift;
  counters_.strike(FaultKind::kClockDrift);
}

void SimClock::note_wall_read() {
  note_mono_read();
  if (noticeable(wall_error())) {
    for (const FaultKind kind : {FaultKind::kClockOffset, FaultKind::kClockStep,
                                 FaultKind::kClockStrobe, FaultKind::kClockFreeze}) {
      if ((unseen_ & bit(kind)) == 0) continue;
      unseen_ &= ~bit(kind);
      counters_.strike(kind);
    }
  }
  if ((unseen_ & bit(FaultKind::kClockBoundViolated)) != 0 && !truthful()) {
    unseen_ &= ~bit(FaultKind::kClockBoundViolated);
    counters_.strike(FaultKind::kClockBoundViolated);
  }
}

// ---- Faults.

// Makes now the origin of both lines, before one of them changes its slope or offset.
void SimClock::rebase() {
  const Instant mono = local_now();
  const Duration error = wall_error();
  base_ = kernel_.now();
  mono_base_ = mono;
  error_base_ = error;
}

void SimClock::begin(FaultKind kind, Honesty honesty) {
  rebase();
  counters_.offer(kind);
  counters_.apply(kind);
  unseen_ |= bit(kind);
  if (honesty == Honesty::kDishonest) {
    dishonest_ = true;
    counters_.offer(FaultKind::kClockBoundViolated);
    counters_.apply(FaultKind::kClockBoundViolated);
    unseen_ |= bit(FaultKind::kClockBoundViolated);
  }
  kernel_.feed(DigestKind::kClock, node_, static_cast<std::uint64_t>(kind));
}

void SimClock::set_drift(std::int64_t ppm) {
  SYNCHRODB_ASSERT(ppm > -kMillion, "a clock must not run backwards");
  if (ppm == 0) {
    rebase();
    unseen_ &= ~bit(FaultKind::kClockDrift);
  } else {
    begin(FaultKind::kClockDrift, Honesty::kHonest);
  }
  ppm_ = ppm;
  drifting_since_ = base_;
  mono_when_drifting_began_ = mono_base_;
  kernel_.retime(owner_, *this);
}

void SimClock::set_wall_offset(Duration offset, Honesty honesty) {
  begin(FaultKind::kClockOffset, honesty);
  error_base_ = offset;
}

void SimClock::step_wall(Duration delta, Honesty honesty) {
  begin(FaultKind::kClockStep, honesty);
  error_base_ = error_base_ + delta;
}

void SimClock::strobe_wall(Duration delta, Duration period, TrueTime until, Honesty honesty) {
  SYNCHRODB_ASSERT(period.ns > 0, "a strobe needs a period");
  if (strobe_on_) toggle_strobe();
  kernel_.cancel(strobe_event_);
  begin(FaultKind::kClockStrobe, honesty);
  strobe_delta_ = delta;
  strobe_period_ = period;
  strobe_until_ = until;
  toggle_strobe();
}

void SimClock::toggle_strobe() {
  rebase();
  error_base_ = strobe_on_ ? error_base_ - strobe_delta_ : error_base_ + strobe_delta_;
  strobe_on_ = !strobe_on_;
  if (!strobe_on_ && kernel_.now() + strobe_period_ >= strobe_until_) return;
  strobe_event_ = kernel_.after(strobe_period_, [this] { toggle_strobe(); });
}

void SimClock::freeze_wall(Honesty honesty) {
  begin(FaultKind::kClockFreeze, honesty);
  frozen_ = true;
}

void SimClock::thaw_wall() {
  rebase();
  frozen_ = false;
}

void SimClock::stop() {
  rebase();
  stopped_ = true;
  kernel_.retime(owner_, *this);
}

void SimClock::start(Honesty honesty) {
  if (!stopped_) return;
  const Duration missed = kernel_.now() - base_;
  rebase();
  stopped_ = false;
  if (honesty == Honesty::kHonest) {
    error_base_ = error_base_ + missed;
  } else {
    begin(FaultKind::kClockOffset, honesty);
  }
  kernel_.retime(owner_, *this);
}

void SimClock::heal() {
  if (strobe_on_) toggle_strobe();
  kernel_.cancel(strobe_event_);
  start();
  rebase();
  frozen_ = false;
  ppm_ = 0;
  error_base_ = {};
  dishonest_ = false;
  unseen_ = 0;
  kernel_.retime(owner_, *this);
}

}  // namespace synchrodb::sim
