#include "sim/check/depth_first.h"

namespace synchrodb::check {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// Two independent 64-bit values for each number: sets are hashed by adding them up in GF(2).
std::uint64_t first_hash(std::uint64_t x) {
  return mix(x);
}
std::uint64_t second_hash(std::uint64_t x) {
  return mix(x ^ 0xd6e8feb86659fd93U) ^ mix(~x);
}

}  // namespace

void DepthFirst::start(Problem& problem, std::size_t memory_limit) {
  problem_ = &problem;
  memory_limit_ = memory_limit;
  classes_.build(problem);
  class_used_.assign(classes_.all().size(), 0);
  head_ = static_cast<std::uint32_t>(2 * problem.steps.size());
  after_.assign(head_ + 1, kEnd);
  before_.assign(head_ + 1, head_);
  std::uint32_t last = head_;
  for (const std::uint32_t event : problem.events) {
    if (!problem.steps[event / 2].mandatory) continue;
    after_[last] = event;
    before_[event] = last;
    last = event;
  }
  stack_.clear();
  memo_.assign(256, Key());
  memo_size_ = 0;
  done_ = Key();
  state_ = problem.initial;
  remaining_ = problem.mandatory;
  steps_ = 0;
  settle();
}

void DepthFirst::lift(std::uint32_t step) {
  for (const std::uint32_t event : {2 * step, 2 * step + 1}) {
    after_[before_[event]] = after_[event];
    if (after_[event] != kEnd) before_[after_[event]] = before_[event];
  }
}

void DepthFirst::unlift(std::uint32_t step) {
  for (const std::uint32_t event : {2 * step + 1, 2 * step}) {
    after_[before_[event]] = event;
    if (after_[event] != kEnd) before_[after_[event]] = event;
  }
}

DepthFirst::Key DepthFirst::key_with(std::uint32_t step, State state) const {
  const std::uint64_t mixed = mix(state ^ 0x5851f42d4c957f2dU);
  Key key{done_.first ^ first_hash(step) ^ mixed, done_.second ^ second_hash(step) ^ mix(mixed)};
  if (key.first == 0 && key.second == 0) key.first = 1;  // all zero marks a free place
  return key;
}

void DepthFirst::grow_memo() {
  std::vector<Key> old(2 * memo_.size());
  old.swap(memo_);
  memo_size_ = 0;
  for (const Key& key : old) {
    if (key.first != 0 || key.second != 0) remember(key);
  }
}

// False if it was there.
bool DepthFirst::remember(Key key) {
  if (2 * (memo_size_ + 1) > memo_.size()) grow_memo();
  const std::size_t mask = memo_.size() - 1;
  std::size_t place = key.first & mask;
  for (; memo_[place].first != 0 || memo_[place].second != 0; place = (place + 1) & mask) {
    if (memo_[place].first == key.first && memo_[place].second == key.second) return false;
  }
  memo_[place] = key;
  ++memo_size_;
  return true;
}

void DepthFirst::take(std::uint32_t step, State next, bool forced) {
  stack_.push_back({step, forced, state_});
  done_.first ^= first_hash(step);
  done_.second ^= second_hash(step);
  state_ = next;
  if (problem_->steps[step].mandatory) {
    --remaining_;
    lift(step);
  } else {
    ++class_used_[classes_.of(step)];
  }
}

// All observers that are legal now take effect; then the candidates start over.
void DepthFirst::settle() {
  State same = 0;
  bool first_return = false;
  for (std::uint32_t event = after_[head_]; event != kEnd && !first_return;) {
    const std::uint32_t step = event / 2;
    const std::uint32_t following = after_[event];
    first_return = (event & 1) != 0;
    ++steps_;
    const Step& candidate = problem_->steps[step];
    if (!first_return && candidate.observes_only() &&
        problem_->space.apply(candidate, state_, &same)) {
      // If its own completion comes next, what lies beyond it opens up.
      const std::uint32_t skip = following == 2 * step + 1 ? after_[following] : following;
      take(step, state_, true);
      event = skip;
      continue;
    }
    event = following;
  }
  cursor_ = after_[head_];
  class_cursor_ = 0;
}

bool DepthFirst::try_mandatory(std::uint32_t step) {
  const Step& candidate = problem_->steps[step];
  State next = 0;
  ++steps_;
  if (candidate.observes_only() || !problem_->space.apply(candidate, state_, &next)) return false;
  if (!remember(key_with(step, next))) return false;
  take(step, next, false);
  settle();
  return true;
}

bool DepthFirst::try_class(std::uint32_t klass) {
  const StepClass& one = classes_.all()[klass];
  if (class_used_[klass] == one.members.size()) return false;
  const EventOrder first_completion = problem_->steps[cursor_ / 2].complete;
  const std::uint32_t step = one.members[class_used_[klass]];
  const Step& candidate = problem_->steps[step];
  ++steps_;
  if (candidate.invoke > first_completion) return false;
  State next = 0;
  if (!problem_->space.apply(candidate, state_, &next) || next == state_) return false;
  if (!remember(key_with(step, next))) return false;
  take(step, next, false);
  settle();
  return true;
}

DepthFirst::Next DepthFirst::try_candidates() {
  // Up to the first completion: what completed must have taken effect before anything beyond it.
  while ((cursor_ & 1) == 0) {
    if (try_mandatory(cursor_ / 2)) return Next::kGoOn;
    cursor_ = after_[cursor_];
  }
  for (; class_cursor_ < classes_.all().size(); ++class_cursor_) {
    if (try_class(class_cursor_)) return Next::kGoOn;
  }
  return Next::kBacktrack;
}

bool DepthFirst::backtrack() {
  while (!stack_.empty()) {
    const Frame frame = stack_.back();
    stack_.pop_back();
    const Step& step = problem_->steps[frame.step];
    done_.first ^= first_hash(frame.step);
    done_.second ^= second_hash(frame.step);
    state_ = frame.before;
    if (step.mandatory) {
      ++remaining_;
      unlift(frame.step);
    } else {
      --class_used_[classes_.of(frame.step)];
    }
    if (frame.forced) continue;
    if (step.mandatory) {
      cursor_ = after_[2 * frame.step];
      class_cursor_ = 0;
      return true;
    }
    // The unanswered ones come last: go to the first completion and on to the next class.
    cursor_ = after_[head_];
    while ((cursor_ & 1) == 0) cursor_ = after_[cursor_];
    class_cursor_ = classes_.of(frame.step) + 1;
    return true;
  }
  return false;
}

Search DepthFirst::advance(std::uint64_t steps) {
  const std::uint64_t until = steps_ + steps;
  while (remaining_ != 0) {
    const std::size_t memory = memo_.size() * sizeof(Key) + problem_->space.memory_bytes();
    if (memory > memory_limit_) return Search::kOutOfMemory;
    if (steps_ >= until) return Search::kRunning;
    if (try_candidates() == Next::kBacktrack && !backtrack()) return Search::kInvalid;
  }
  return Search::kValid;
}

void DepthFirst::order(std::vector<OperationId>* out) const {
  for (const Frame& frame : stack_) out->push_back(problem_->steps[frame.step].id);
}

}  // namespace synchrodb::check
