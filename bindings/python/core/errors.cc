#include "bindings/python/core/errors.h"

#include <array>

#include "bindings/python/core/bind.h"
#include "sim/kernel/failure.h"

namespace synchrodb::python {
namespace {

// In the order of ErrorCode.
struct ErrorClass {
  ErrorCode code;
  const char* name;
  PyObject* const* standard;  // the exception of Python's that it also is; null: none
  const char* meaning;
};

const std::array kErrorClasses{
    ErrorClass{ErrorCode::kInvalid, "InvalidInput", &PyExc_ValueError,
               "An argument is wrong; the text says which, and what it may be."},
    ErrorClass{ErrorCode::kNotFound, "NotFound", &PyExc_LookupError, "There is no such thing."},
    ErrorClass{ErrorCode::kCorrupt, "Corrupt", nullptr,
               "Bytes do not match their checksum or grammar."},
    ErrorClass{ErrorCode::kIo, "DeviceError", &PyExc_OSError, "The device failed."},
    ErrorClass{ErrorCode::kNoSpace, "NoSpace", &PyExc_OSError, "The device is full."},
    ErrorClass{ErrorCode::kUnsupported, "Unsupported", nullptr,
               "A version or feature that this build does not know."},
    ErrorClass{ErrorCode::kUnavailable, "Unavailable", nullptr, "Try again later or elsewhere."},
    ErrorClass{ErrorCode::kTimeout, "Timeout", &PyExc_TimeoutError, "It took too long."},
};

// They live as long as the interpreter.
std::array<PyObject*, kErrorClasses.size()> error_classes{};
PyObject* assertion_failed_class = nullptr;

PyObject* make_class(py::module_& module, const char* name, const char* meaning, py::tuple bases) {
  const std::string full = std::string("synchrodb.") + name;
  PyObject* made = PyErr_NewExceptionWithDoc(full.c_str(), meaning, bases.ptr(), nullptr);
  if (made == nullptr) throw py::error_already_set();
  module.add_object(name, made);
  return made;
}

void translate(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const Failure& failure) {
    PyErr_SetString(error_classes[static_cast<std::size_t>(failure.code())], failure.what());
  } catch (const FailedAssertion& failure) {
    PyErr_SetString(assertion_failed_class, failure.what());
  } catch (const sim::AssertionFailed& failure) {
    PyErr_SetString(assertion_failed_class, failure.describe().c_str());
  }
}

void throw_assertion(const char* condition, const char* meaning, const char* file, int line) {
  throw FailedAssertion(std::string(meaning) + " (" + condition + ") at " + file + ":" +
                        std::to_string(line));
}

}  // namespace

ThrowingAssertions::ThrowingAssertions() : previous_(set_assertion_handler(throw_assertion)) {}

ThrowingAssertions::~ThrowingAssertions() {
  set_assertion_handler(previous_);
}

void bind_errors(py::module_& module) {
  PyObject* base = make_class(module, "Error", "What every error of SynchroDB is.",
                              py::make_tuple(py::handle(PyExc_Exception)));
  for (std::size_t i = 0; i < kErrorClasses.size(); ++i) {
    const ErrorClass& spec = kErrorClasses[i];
    SYNCHRODB_ASSERT(static_cast<std::size_t>(spec.code) == i, "in the order of ErrorCode");
    const py::handle error(base);
    error_classes[i] =
        make_class(module, spec.name, spec.meaning,
                   spec.standard == nullptr ? py::make_tuple(error)
                                            : py::make_tuple(error, py::handle(*spec.standard)));
  }
  assertion_failed_class =
      make_class(module, "AssertionFailed",
                 "An assertion inside SynchroDB failed: a defect of SynchroDB's own.",
                 py::make_tuple(py::handle(base), py::handle(PyExc_AssertionError)));
  py::register_exception_translator(translate);
}

}  // namespace synchrodb::python
