#include "sim/kernel/failure_trap.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace synchrodb::sim {
namespace {

// The thread's exception state, as the Itanium C++ ABI (2.2.2) lays it out.
struct ExceptionState {
  void* caught;
  unsigned int uncaught;
};

ExceptionState& exception_state() {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

thread_local Kernel* trapping_kernel = nullptr;
thread_local FailureTrap* innermost_trap = nullptr;
std::terminate_handler previous_terminate = nullptr;

std::string seconds_of(TrueTime time) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%09lld s", static_cast<long long>(time.ns / 1'000'000'000),
                static_cast<long long>(time.ns % 1'000'000'000));
  return text;
}

}  // namespace

std::string AssertionFailed::describe() const {
  std::string text = meaning + " (" + condition + ")";
  if (!file.empty()) text += " at " + file + ":" + std::to_string(line);
  if (!fiber.empty()) text += ", in fiber `" + fiber + "`";
  return text + ", at " + seconds_of(time);
}

FailureTrap::FailureTrap(Kernel& kernel)
    : outer_(trapping_kernel),
      outer_handler_(set_assertion_handler(&FailureTrap::on_assertion)),
      caught_exceptions_(exception_state().caught),
      uncaught_exceptions_(exception_state().uncaught),
      outer_trap_(innermost_trap) {
  trapping_kernel = &kernel;
  innermost_trap = this;
  // The handler is the process's, not the thread's: set once, and passing on what is not ours.
  static const bool installed = [] {
    previous_terminate = std::set_terminate(&FailureTrap::on_terminate);
    return true;
  }();
  static_cast<void>(installed);
}

FailureTrap::~FailureTrap() {
  trapping_kernel = outer_;
  innermost_trap = outer_trap_;
  set_assertion_handler(outer_handler_);
}

bool FailureTrap::handling_exception() {
  const ExceptionState& state = exception_state();
  return state.caught != innermost_trap->caught_exceptions_ ||
         state.uncaught != innermost_trap->uncaught_exceptions_;
}

void FailureTrap::restore_exception_state() {
  exception_state() = {innermost_trap->caught_exceptions_, innermost_trap->uncaught_exceptions_};
}

void FailureTrap::on_assertion(const char* condition, const char* meaning, const char* file,
                               int line) {
  Kernel& kernel = *trapping_kernel;
  AssertionFailed failure = kernel.failure(condition, meaning, file, line);
  if (exception_state().uncaught == innermost_trap->uncaught_exceptions_) throw failure;
  if (!kernel.on_fiber()) {
    std::fprintf(stderr, "while unwinding: %s\n", failure.describe().c_str());
    std::abort();
  }
  kernel.abandon(std::move(failure));
}

void FailureTrap::on_terminate() {
  Kernel* kernel = trapping_kernel;
  if (kernel == nullptr || !kernel->on_fiber()) {
    if (previous_terminate != nullptr) previous_terminate();
    std::abort();
  }
  AssertionFailed failure = kernel->failure("std::terminate", "the process would have died", "", 0);
  if (const std::exception_ptr error = std::current_exception()) {
    try {
      std::rethrow_exception(error);
    } catch (const AssertionFailed& inner) {
      failure = inner;
    } catch (const std::exception& inner) {
      failure.meaning = std::string("an exception left a noexcept function: ") + inner.what();
    } catch (...) {
      failure.meaning = "an exception left a noexcept function";
    }
  }
  kernel->abandon(std::move(failure));
}

}  // namespace synchrodb::sim
