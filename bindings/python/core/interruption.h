// Ctrl-C during a long call that has released the interpreter's lock.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <optional>

namespace synchrodb::python {

namespace py = pybind11;

// Asked often, looks at Python's signals twenty times a second. What a signal handler raised
// (KeyboardInterrupt, as a rule) is kept until rethrow().
class Interruption {
 public:
  // Without the lock. True from the moment a handler raised.
  bool raised() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return error_.has_value();
    next_look_ = now + std::chrono::milliseconds(50);
    const py::gil_scoped_acquire lock;
    if (!error_ && PyErr_CheckSignals() != 0) error_.emplace();
    return error_.has_value();
  }
  // With the lock.
  void rethrow() {
    if (!error_) return;
    py::error_already_set error = std::move(*error_);
    error_.reset();
    throw error;
  }

 private:
  std::chrono::steady_clock::time_point next_look_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  std::optional<py::error_already_set> error_;
};

}  // namespace synchrodb::python
