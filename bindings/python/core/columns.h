// Columns that C++ fills and Python reads in place: numpy arrays over vectors that live as long as
// anybody looks at them.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::python {

namespace py = pybind11;

// A read-only array over `values`, which `owner` keeps alive.
template <class T>
py::array as_array(const std::vector<T>& values, const py::capsule& owner) {
  py::array_t<T> array({values.size()}, {sizeof(T)}, values.data(), owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

// Keeps `owner` alive for the arrays over its vectors.
template <class T>
py::capsule capsule_of(std::shared_ptr<T> owner) {
  return py::capsule(new std::shared_ptr<T>(std::move(owner)),
                     [](void* kept) { delete static_cast<std::shared_ptr<T>*>(kept); });
}

// Words of a column, each by a small number in the order of their first appearance.
class Words {
 public:
  std::int16_t code_of(const char* literal);
  py::tuple categories() const;

 private:
  const char* last_ = nullptr;
  std::int16_t last_code_ = 0;
  std::vector<std::string> words_;
};

}  // namespace synchrodb::python
