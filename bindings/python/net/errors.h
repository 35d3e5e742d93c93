// Errors of this module are those of synchrodb._core: one `except synchrodb.Unavailable` for both.
#pragma once

#include <pybind11/pybind11.h>

#include <stdexcept>

#include "engine/env/result.h"
#include "net/client/dialer.h"

namespace synchrodb::python {

namespace py = pybind11;

// An Error on its way to Python. (Not core/errors.h's: each module translates its own.)
class NetFailure : public std::runtime_error {
 public:
  explicit NetFailure(const Error& error) : std::runtime_error(error.message), code_(error.code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

void bind_net_errors(py::module_& module);

}  // namespace synchrodb::python
