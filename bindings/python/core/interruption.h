// Ctrl-C during a long call that has released the interpreter's lock.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

namespace synchrodb::python {

namespace py = pybind11;

// Called often and without the lock, looks at Python's signals twenty times a second, and throws
// what a handler raised: KeyboardInterrupt, as a rule.
class Interruption {
 public:
  void operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + kBetweenLooks;
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }

 private:
  static constexpr std::chrono::milliseconds kBetweenLooks{50};
  std::chrono::steady_clock::time_point next_look_ =
      std::chrono::steady_clock::now() + kBetweenLooks;
};

}  // namespace synchrodb::python
