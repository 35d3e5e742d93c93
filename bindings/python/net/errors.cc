#include "bindings/python/net/errors.h"

#include <array>
#include <utility>

namespace synchrodb::python {
namespace {

// In the order of ErrorCode.
constexpr std::array kNames{"InvalidInput", "NotFound",    "Corrupt",     "DeviceError",
                            "NoSpace",      "Unsupported", "Unavailable", "Timeout"};

void translate(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const NetFailure& failure) {
    const auto core = py::module_::import("synchrodb._core");
    const py::object error = core.attr(kNames.at(static_cast<std::size_t>(failure.code())));
    PyErr_SetString(error.ptr(), failure.what());
  }
}

}  // namespace

void bind_net_errors(py::module_&) {
  py::register_exception_translator(translate);
}

}  // namespace synchrodb::python
