#include "sim/check/frontier.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/check/assert.h"

namespace synchrodb::check {

void Frontier::start(Problem& problem, std::size_t memory_limit, bool unlimited) {
  unlimited_ = unlimited;
  problem_ = &problem;
  memory_limit_ = memory_limit;
  classes_.build(problem);
  available_.assign(classes_.all().size(), 0);
  active_.clear();
  open_.clear();
  step_slot_.assign(problem.steps.size(), kNoSlot);
  event_ = 0;
  worked_ = 0;
  completing_ = false;
  now_ = 0;
  failed_at_ = kNeverCompleted;
  steps_ = 0;
  largest_ = 1;
  choose_shape();
  scratch_.assign(shape_.words(), 0);
  expanding_.assign(shape_.words(), 0);
  scratch_[0] = problem.initial;
  frontier_.append(scratch_.data());
}

void Frontier::choose_shape() {
  std::size_t open = 0;
  std::size_t most = 0;
  for (const std::uint32_t event : problem_->events) {
    if (!problem_->steps[event / 2].mandatory) continue;
    open += (event & 1) == 0 ? 1 : 0;
    most = std::max(most, open);
    open -= (event & 1) != 0 ? 1 : 0;
  }
  slot_step_.assign(most, kNoStep);
  shape_.masks = std::max<std::size_t>(1, (most + 63) / 64);
  observers_.assign(shape_.masks, 0);
  absorbable_.assign(shape_.masks, 0);
  fields_.clear();
  std::vector<std::uint64_t> guards;
  std::uint32_t shift = 64;
  for (const StepClass& one : classes_.all()) {
    if (unlimited_) break;
    const auto width = static_cast<std::uint32_t>(std::bit_width(one.members.size()));
    if (shift + width + 1 > 64) {
      guards.push_back(0);
      shift = 0;
    }
    const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
    fields_.push_back({static_cast<std::uint32_t>(shape_.masks + guards.size()), shift, mask});
    guards.back() |= (mask + 1) << shift;
    shift += width + 1;
  }
  shape_.counts = guards.size();
  frontier_.reset(shape_, guards);
  reached_.reset(shape_, guards);
  pending_.reset(shape_, std::move(guards));
}

std::uint64_t Frontier::used(const std::uint64_t* config, std::uint32_t klass) const {
  if (unlimited_) return 0;
  const Field& field = fields_[klass];
  return config[field.word] >> field.shift & field.mask;
}

void Frontier::open_slot(std::uint32_t step) {
  std::uint32_t slot = 0;
  while (slot_step_[slot] != kNoStep) ++slot;
  slot_step_[slot] = step;
  step_slot_[step] = slot;
  open_.push_back(slot);
}

void Frontier::invoke(std::uint32_t step) {
  const Step& invoked = problem_->steps[step];
  if (!invoked.mandatory) {
    const std::uint32_t klass = classes_.of(step);
    const bool useful = classes_.all()[klass].useful_until > now_;
    if (available_[klass]++ == 0 && useful) active_.push_back(klass);
    return;
  }
  open_slot(step);
  if (!invoked.observes_only()) return;
  const std::uint32_t slot = step_slot_[step];
  observers_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  State same = 0;
  for (std::size_t i = 0; i < frontier_.slots(); ++i) {
    if (frontier_.dead(i)) continue;
    Config config = frontier_.at(i);
    ++steps_;
    if (problem_->space.apply(invoked, config[0], &same)) set_bit(config, slot);
  }
}

// Classes whose value has no observer left: forget how many were used.
void Frontier::retire_classes(EventOrder now) {
  for (std::size_t i = 0; i < active_.size();) {
    const std::uint32_t klass = active_[i];
    if (classes_.all()[klass].useful_until > now) {
      ++i;
      continue;
    }
    for (std::size_t j = 0; j < frontier_.slots() && !unlimited_; ++j) {
      const Field& field = fields_[klass];
      frontier_.at(j)[field.word] &= ~(field.mask << field.shift);
    }
    active_[i] = active_.back();
    active_.pop_back();
  }
}

// Every observer that is legal takes effect at once.
void Frontier::settle(Config config) {
  State same = 0;
  for (std::size_t word = 0; word < shape_.masks; ++word) {
    std::uint64_t waiting = observers_[word] & ~config[1 + word];
    for (; waiting != 0; waiting &= waiting - 1) {
      const auto slot = static_cast<std::uint32_t>(64 * word) +
                        static_cast<std::uint32_t>(std::countr_zero(waiting));
      if (problem_->space.apply(problem_->steps[slot_step_[slot]], config[0], &same)) {
        set_bit(config, slot);
      }
    }
  }
}

void Frontier::emit(const std::uint64_t* config, State next, std::uint32_t slot,
                    std::uint32_t klass) {
  ++steps_;
  std::copy_n(config, shape_.words(), scratch_.begin());
  Config fresh = scratch_.data();
  fresh[0] = next;
  if (slot != kNoSlot) {
    set_bit(fresh, slot);
  } else if (!unlimited_) {
    fresh[fields_[klass].word] += std::uint64_t{1} << fields_[klass].shift;
  }
  const std::uint32_t step =
      slot != kNoSlot ? slot_step_[slot] : classes_.all()[klass].members.front();
  if (problem_->steps[step].action == Action::kWrite) {
    for (std::size_t word = 0; word < shape_.masks; ++word) fresh[1 + word] |= absorbable_[word];
  }
  settle(fresh);
  if (done(fresh, target_)) {
    fresh[1 + target_ / 64] &= ~(std::uint64_t{1} << (target_ % 64));
    reached_.insert(fresh, observers_);
  } else {
    pending_.insert(fresh, observers_);
  }
}

void Frontier::emit_with_idle(const std::uint64_t* config, State next, std::uint32_t slot,
                              std::uint32_t klass) {
  emit(config, next, slot, klass);
  if (idle_.empty() || idle_.size() > kMostIdle) return;
  std::vector<std::uint64_t> base(config, config + shape_.words());
  for (std::uint64_t subset = 1; subset < std::uint64_t{1} << idle_.size(); ++subset) {
    std::copy_n(config, shape_.words(), base.begin());
    for (std::uint64_t rest = subset; rest != 0; rest &= rest - 1) {
      set_bit(base.data(), idle_[static_cast<std::size_t>(std::countr_zero(rest))]);
    }
    if (!done(base.data(), target_)) emit(base.data(), next, slot, klass);
  }
}

// Whether an open operation, or an unanswered one, may notice `state`.
bool Frontier::wanted(const std::uint64_t* config, State state) const {
  for (const std::uint32_t slot : open_) {
    if (done(config, slot)) continue;
    const Step& step = problem_->steps[slot_step_[slot]];
    switch (step.action) {
      case Action::kRead:
      case Action::kCas:
        if (step.a == state) return true;
        break;
      case Action::kDiffers:
      case Action::kReplace:
        if (step.a != state) return true;
        break;
      case Action::kAppend:
      case Action::kAdd:
        return true;
      case Action::kWrite:
        break;
    }
  }
  for (const std::uint32_t klass : active_) {
    const Step& step = problem_->steps[classes_.all()[klass].members.front()];
    if (step.action == Action::kWrite || used(config, klass) == available_[klass]) continue;
    if (step.action != Action::kCas || step.a == state) return true;
  }
  return false;
}

void Frontier::expand_mandatory(const std::uint64_t* config) {
  for (const std::uint32_t slot : open_) {
    if (done(config, slot)) continue;
    const Step& step = problem_->steps[slot_step_[slot]];
    State next = 0;
    if (step.observes_only() || !problem_->space.apply(step, config[0], &next)) continue;
    bool rival = false;
    for (const std::uint32_t other : open_) {
      const Step& earlier = problem_->steps[slot_step_[other]];
      rival |= other != slot && !done(config, other) && earlier.complete < step.complete &&
               earlier.same_effect(step);
    }
    if (rival) continue;
    if (next == config[0]) {
      if (slot == target_ || idle_.size() > kMostIdle) emit(config, next, slot, 0);
      continue;
    }
    emit_with_idle(config, next, slot, 0);
  }
}

void Frontier::expand_optional(const std::uint64_t* config) {
  for (const std::uint32_t klass : active_) {
    if (used(config, klass) == available_[klass]) continue;
    const Step& step = problem_->steps[classes_.all()[klass].members.front()];
    State next = 0;
    if (!problem_->space.apply(step, config[0], &next) || next == config[0]) continue;
    if (!wanted(config, next)) continue;
    // An open operation of the same effect goes first: the unanswered one stays available.
    const bool rival = std::any_of(open_.begin(), open_.end(), [&](std::uint32_t slot) {
      return !done(config, slot) && problem_->steps[slot_step_[slot]].same_effect(step);
    });
    if (!rival) emit_with_idle(config, next, kNoSlot, klass);
  }
}

void Frontier::expand(const std::uint64_t* config) {
  idle_.clear();
  for (const std::uint32_t slot : open_) {
    const Step& step = problem_->steps[slot_step_[slot]];
    State next = 0;
    const bool idle = !done(config, slot) && !step.observes_only() &&
                      problem_->space.apply(step, config[0], &next) && next == config[0];
    if (idle) idle_.push_back(slot);
  }
  expand_mandatory(config);
  expand_optional(config);
}

void Frontier::begin_completion(std::uint32_t slot) {
  completing_ = true;
  target_ = slot;
  worked_ = 0;
  reached_.clear();
  pending_.clear();
  std::fill(absorbable_.begin(), absorbable_.end(), 0);
  for (const std::uint32_t open : open_) {
    const Step& step = problem_->steps[slot_step_[open]];
    const bool unseen = !problem_->general && step.action == Action::kWrite &&
                        classes_.last_observed(step.b) < now_;
    if (unseen) absorbable_[open / 64] |= std::uint64_t{1} << (open % 64);
  }
  for (std::size_t i = 0; i < frontier_.slots(); ++i) {
    if (frontier_.dead(i)) continue;
    std::copy_n(frontier_.at(i), shape_.words(), scratch_.begin());
    if (done(scratch_.data(), slot)) {
      scratch_[1 + slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
      reached_.insert(scratch_.data(), observers_);
    } else {
      pending_.insert(scratch_.data(), observers_);
    }
  }
}

void Frontier::end_completion(std::uint32_t slot) {
  completing_ = false;
  observers_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  slot_step_[slot] = kNoStep;
  open_.erase(std::find(open_.begin(), open_.end(), slot));
  std::swap(frontier_, reached_);
  largest_ = std::max(largest_, frontier_.size());
}

bool Frontier::complete(std::uint32_t step, std::uint64_t until) {
  const std::uint32_t slot = step_slot_[step];
  if (!completing_) begin_completion(slot);
  for (; worked_ < pending_.slots(); ++worked_) {
    if (steps_ >= until) return false;
    if (pending_.dead(worked_)) continue;
    std::copy_n(pending_.at(worked_), shape_.words(), expanding_.begin());
    // With many open operations a step is dearer: they are compared with each other.
    steps_ += 1 + open_.size() * (open_.size() + active_.size()) / 64;
    const std::uint64_t compared = pending_.comparisons() + reached_.comparisons();
    expand(expanding_.data());
    steps_ += (pending_.comparisons() + reached_.comparisons() - compared) / 16;
  }
  end_completion(slot);
  return true;
}

Search Frontier::advance(std::uint64_t steps) {
  const std::uint64_t until = steps_ + steps;
  for (; event_ < problem_->events.size(); ++event_) {
    if (steps_ >= until) return Search::kRunning;
    const std::uint32_t event = problem_->events[event_];
    const std::uint32_t step = event / 2;
    ++steps_;
    if ((event & 1) == 0) {
      now_ = problem_->steps[step].invoke;
      invoke(step);
      continue;
    }
    now_ = problem_->steps[step].complete;
    if (!complete(step, until)) {
      const std::size_t memory = pending_.memory_bytes() + reached_.memory_bytes() +
                                 frontier_.memory_bytes() + problem_->space.memory_bytes();
      return memory > memory_limit_ ? Search::kOutOfMemory : Search::kRunning;
    }
    if (frontier_.size() == 0) {
      failed_at_ = now_;
      return Search::kInvalid;
    }
    retire_classes(now_);
  }
  return Search::kValid;
}

}  // namespace synchrodb::check
