// The loop's scheduling algorithm for Boost.Fiber.
#pragma once

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <deque>

namespace synchrodb::net {

// Runs the workers that the loop has made ready, first come first served and at most `budget` of
// them, then the main fiber, which is the event loop. Workers are resumed through the loop's own
// list, never through Boost's synchronisation.
class FiberScheduler final : public boost::fibers::algo::algorithm {
 public:
  using Context = boost::fibers::context;

  void awakened(Context* context) noexcept override;
  Context* pick_next() noexcept override;
  bool has_ready_fibers() const noexcept override;
  void suspend_until(std::chrono::steady_clock::time_point const&) noexcept override;
  void notify() noexcept override {}

  void make_ready(Context* worker) { ready_.push_back(worker); }
  bool any_ready() const { return !ready_.empty(); }
  void set_budget(std::size_t picks) { budget_ = picks; }

  // Between the two, a Boost fiber is being made, whose context is the result.
  void begin_creation() { creating_ = true; }
  Context* end_creation();
  // The dispatcher, which frees the stacks of ended workers, goes before the main fiber, once.
  void let_dispatch() { dispatch_first_ = true; }

 private:
  std::deque<Context*> ready_;
  std::size_t budget_ = 0;
  Context* main_ = nullptr;
  Context* dispatcher_ = nullptr;
  Context* created_ = nullptr;
  bool creating_ = false;
  bool dispatch_first_ = false;
};

}  // namespace synchrodb::net
