// C++ errors become Python exceptions with the same text.
#pragma once

#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "consensus/assert.h"
#include "engine/env/result.h"

namespace synchrodb::python {

// An Error on its way to Python, where it becomes the subclass of synchrodb.Error for its code.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const Error& error) : std::runtime_error(error.message), code_(error.code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// A failed assertion outside of any world's kernel: a defect of ours, but no reason to take the
// interpreter down. Becomes synchrodb.AssertionFailed.
class FailedAssertion : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The value of a result, or a Python exception.
template <class T>
T value_of(Result<T> result) {
  if (!result) throw Failure(result.error());
  return std::move(result).value();
}

// While it lives, a failed assertion of this thread throws FailedAssertion instead of aborting.
class ThrowingAssertions {
 public:
  ThrowingAssertions();
  ~ThrowingAssertions();
  ThrowingAssertions(const ThrowingAssertions&) = delete;
  ThrowingAssertions& operator=(const ThrowingAssertions&) = delete;

 private:
  AssertionHandler previous_;
};

}  // namespace synchrodb::python
