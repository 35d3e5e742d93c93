#include "bindings/python/core/reply.h"

namespace synchrodb::python {

py::object from_reply(const Reply& reply, py::handle error_class) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
      return py::none();
    case Reply::Kind::kInteger:
      return py::int_(reply.number());
    case Reply::Kind::kBoolean:
      return py::bool_(reply.number() != 0);
    case Reply::Kind::kDouble:
      return py::float_(reply.real_number());
    case Reply::Kind::kError:
      return error_class(py::str(reply.text()));
    case Reply::Kind::kStatus:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim: {
      const std::string& text = reply.text();
      PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()),
                                               "surrogateescape");
      if (decoded == nullptr) throw py::error_already_set();
      return py::reinterpret_steal<py::object>(decoded);
    }
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush:
      break;
  }
  py::list elements;
  for (const Reply& element : reply.elements()) elements.append(from_reply(element, error_class));
  return elements;
}

}  // namespace synchrodb::python
