#include "tests/bench/peers/load/results.h"

#include <algorithm>

namespace synchrodb::load {

Window::Window(const Options& options)
    : warm_up_(std::chrono::duration_cast<Clock::duration>(options.warm_up)),
      duration_(std::chrono::duration_cast<Clock::duration>(options.duration)),
      barrier_(options.threads, Start{this}) {
  if (options.operation == Operation::kFill) {
    warm_up_ = Clock::duration::zero();
    duration_ = Clock::duration::max();
  }
}

void Window::Start::operator()() noexcept {
  window->begin_ = Clock::now() + window->warm_up_;
  const bool endless = window->duration_ == Clock::duration::max();
  window->end_ = endless ? Clock::time_point::max() : window->begin_ + window->duration_;
}

void Results::answered(Clock::time_point begun, Clock::time_point now, bool missing) {
  ++all_answered_;
  if (begun < begin_) return;
  latency_.record(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now - begun).count()));
  missing_ += missing ? 1 : 0;
  last_answer_ = std::max(last_answer_, now);
}

void Results::failed(std::string_view why, std::uint64_t requests) {
  if (first_error_.empty()) first_error_ = why;
  errors_ += requests;
}

void Results::lost_connection(std::string_view why, std::uint64_t requests) {
  failed(why, requests);
  ++lost_connections_;
}

void Results::merge(const Results& other) {
  latency_.merge(other.latency_);
  all_answered_ += other.all_answered_;
  missing_ += other.missing_;
  errors_ += other.errors_;
  lost_connections_ += other.lost_connections_;
  if (first_error_.empty()) first_error_ = other.first_error_;
  begin_ = std::min(begin_, other.begin_);
  last_answer_ = std::max(last_answer_, other.last_answer_);
}

double Results::seconds() const {
  if (latency_.count() == 0) return 0;
  return std::chrono::duration<double>(last_answer_ - begin_).count();
}

}  // namespace synchrodb::load
