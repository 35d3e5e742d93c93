// Value classes from tables of fields: constructor by keyword, read-only properties, replace(),
// equality, copy, pickle and repr all follow from one table a class.
#pragma once

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>

#include <functional>
#include <string>
#include <vector>

#include "bindings/python/core/convert.h"

namespace synchrodb::python {

template <class T>
struct Field {
  const char* name;
  const char* doc;
  std::function<py::object(const T&)> get;
  std::function<void(T&, py::handle)> set;
};

template <class T>
Field<T> field(const char* name, std::uint32_t T::*member, const char* doc) {
  return {name, doc, [member](const T& t) -> py::object { return py::int_(t.*member); },
          [name, member](T& t, py::handle v) { t.*member = to_unsigned(v, name); }};
}
template <class T>
Field<T> field(const char* name, std::uint64_t T::*member, const char* doc) {
  return {name, doc, [member](const T& t) -> py::object { return py::int_(t.*member); },
          [name, member](T& t, py::handle v) { t.*member = to_seed(v, name); }};
}
template <class T>
Field<T> field(const char* name, bool T::*member, const char* doc) {
  return {name, doc, [member](const T& t) -> py::object { return py::bool_(t.*member); },
          [name, member](T& t, py::handle v) { t.*member = to_bool(v, name); }};
}
template <class T>
Field<T> field(const char* name, std::string T::*member, const char* doc) {
  return {name, doc, [member](const T& t) -> py::object { return py::str(t.*member); },
          [name, member](T& t, py::handle v) { t.*member = to_text(v, name); }};
}
template <class T>
Field<T> field(const char* name, Duration T::*member, const char* doc) {
  return {name, doc,
          [member](const T& t) -> py::object { return py::float_(to_seconds(t.*member)); },
          [name, member](T& t, py::handle v) { t.*member = to_duration(v, name); }};
}
template <class T>
Field<T> field(const char* name, std::map<std::string, std::int64_t> T::*member, const char* doc) {
  return {name, doc, [member](const T& t) { return from_integers(t.*member); },
          [name, member](T& t, py::handle v) { t.*member = to_integers(v, name); }};
}
template <class T>
Field<T> field(const char* name, std::vector<std::string> T::*member, const char* doc) {
  return {name, doc,
          [member](const T& t) -> py::object {
            const std::vector<std::string>& texts = t.*member;
            py::tuple items(texts.size());
            for (std::size_t i = 0; i < texts.size(); ++i) items[i] = from_text(texts[i]);
            return items;
          },
          [name, member](T& t, py::handle v) { t.*member = to_texts(v, name); }};
}
// Thousandths in C++, a number in Python.
template <class T>
Field<T> milli_field(const char* name, std::int64_t T::*member, const char* doc) {
  return {name, doc,
          [member](const T& t) -> py::object {
            return py::float_(static_cast<double>(t.*member) / 1'000);
          },
          [name, member](T& t, py::handle v) { t.*member = to_milli(v, name); }};
}

template <class T>
void set_fields(T& value, const std::vector<Field<T>>& fields, const py::dict& given,
                const char* class_name) {
  for (const auto& [key, item] : given) {
    const auto name = key.template cast<std::string>();
    const Field<T>* known = nullptr;
    for (const Field<T>& candidate : fields) {
      if (name == candidate.name) known = &candidate;
    }
    if (known == nullptr) throw py::type_error(name + ": " + class_name + " has no such field");
    known->set(value, item);
  }
}

template <class T>
py::dict fields_as_dict(const T& value, const std::vector<Field<T>>& fields) {
  py::dict all;
  for (const Field<T>& f : fields) {
    py::object item = f.get(value);
    // Views of dicts cannot be pickled.
    if (Py_TYPE(item.ptr()) == &PyDictProxy_Type) item = item.attr("copy")();
    all[f.name] = item;
  }
  return all;
}

// The fields that differ from a fresh object's.
template <class T>
std::string repr_of(const T& value, const std::vector<Field<T>>& fields, const char* class_name) {
  const T fresh{};
  const py::dict own = fields_as_dict(value, fields);
  const py::dict standard = fields_as_dict(fresh, fields);
  std::string text;
  for (const Field<T>& f : fields) {
    if (own[f.name].equal(standard[f.name])) continue;
    if (!text.empty()) text += ", ";
    text += std::string(f.name) + "=" + std::string(py::repr(own[f.name]));
  }
  return std::string(class_name) + "(" + text + ")";
}

// `fields` must live for ever. `finish(value, given)` completes and validates what was built from
// the fields in `given`.
template <class T, class Finish>
void bind_fields(py::class_<T>& cls, const std::vector<Field<T>>& fields, const char* class_name,
                 Finish finish) {
  const std::vector<Field<T>>* all = &fields;
  const auto change = [all, class_name, finish](T value, const py::dict& given) {
    set_fields(value, *all, given, class_name);
    finish(value, given);
    return value;
  };
  cls.def(py::init([change](const py::kwargs& given) { return change(T{}, given); }));
  for (const Field<T>& f : fields) {
    cls.def_property_readonly(f.name, py::cpp_function(f.get), f.doc);
  }
  cls.def(
      "replace", [change](const T& value, const py::kwargs& given) { return change(value, given); },
      "A copy with the named fields changed.");
  cls.def("__eq__", [](const T& a, const py::object& b) -> py::object {
    if (!py::isinstance<T>(b)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    return py::bool_(a == b.cast<const T&>());
  });
  cls.def("__copy__", [](const T& value) { return value; });
  cls.def("__deepcopy__", [](const T& value, const py::dict&) { return value; });
  cls.def("__repr__",
          [all, class_name](const T& value) { return repr_of(value, *all, class_name); });
  cls.def(py::pickle([all](const T& value) { return fields_as_dict(value, *all); },
                     [all, class_name](const py::dict& state) {
                       T value{};
                       set_fields(value, *all, state, class_name);
                       return value;
                     }));
}

}  // namespace synchrodb::python
