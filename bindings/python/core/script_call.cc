#include "bindings/python/core/script_call.h"

#include <array>

#include "bindings/python/core/convert.h"

namespace synchrodb::python {
namespace {

using sim::ScriptCall;

std::string to_word(py::handle word, const char* what) {
  if (PyBytes_Check(word.ptr()) != 0) return py::reinterpret_borrow<py::bytes>(word);
  if (PyUnicode_Check(word.ptr()) == 0) {
    refuse_type(std::string(what) + ": a word of a command", "a text or bytes", word);
  }
  const auto bytes = py::reinterpret_steal<py::bytes>(
      PyUnicode_AsEncodedString(word.ptr(), "utf-8", "surrogateescape"));
  if (!bytes) throw py::error_already_set();
  return bytes;
}

std::vector<std::string> to_words(py::handle words, const char* what) {
  if (PyTuple_Check(words.ptr()) == 0 && PyList_Check(words.ptr()) == 0) {
    refuse_type(std::string(what) + ": a command", "a list of words", words);
  }
  std::vector<std::string> all;
  for (const py::handle word : words) all.push_back(to_word(word, what));
  return all;
}

ScriptCall::Kind to_kind(const std::string& name, const char* what) {
  constexpr std::array<std::pair<const char*, ScriptCall::Kind>, 6> kKinds{
      {{"read", ScriptCall::Kind::kRead},
       {"write", ScriptCall::Kind::kWrite},
       {"watch", ScriptCall::Kind::kWatch},
       {"unwatch", ScriptCall::Kind::kUnwatch},
       {"transaction", ScriptCall::Kind::kTransaction},
       {"request", ScriptCall::Kind::kRequest}}};
  for (const auto& [known, kind] : kKinds) {
    if (name == known) return kind;
  }
  refuse_value(std::string(what) + ": kind",
               "\"" + name + "\" is none of read, write, watch, unwatch, transaction, request");
}

ReadConsistency to_consistency(const std::string& name, const char* what) {
  if (name == "linearizable") return ReadConsistency::kLinearizable;
  if (name == "lease") return ReadConsistency::kLease;
  if (name == "stale") return ReadConsistency::kStale;
  refuse_value(std::string(what) + ": consistency",
               "\"" + name + "\" is none of linearizable, lease, stale");
}

}  // namespace

ScriptCall to_call(py::handle call, const char* what) {
  constexpr Py_ssize_t kFields = 6;
  if (PyTuple_Check(call.ptr()) == 0 || PyTuple_GET_SIZE(call.ptr()) != kFields) {
    refuse_type(what, "a call: read(…), write(…), watch(…), unwatch(), transaction(…), request(…)",
                call);
  }
  const auto fields = py::reinterpret_borrow<py::tuple>(call);
  ScriptCall made;
  made.kind = to_kind(to_text(fields[0], what), what);
  for (const py::handle command : fields[1]) made.commands.push_back(to_words(command, what));
  if (made.kind == ScriptCall::Kind::kRead) {
    made.consistency = to_consistency(to_text(fields[2], what), what);
  }
  if (made.kind == ScriptCall::Kind::kRequest) {
    made.request = py::reinterpret_borrow<py::bytes>(fields[3]);
    made.node = to_unsigned(fields[4], "node");
    made.timeout = to_duration(fields[5], "timeout");
  }
  return made;
}

const char* kind_of(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kOk:
      return "ok";
    case Outcome::Kind::kFailed:
      return "failed";
    case Outcome::Kind::kUnknown:
      break;
  }
  return "unknown";
}

std::optional<sim::Violation> to_violation(py::handle value, const char* what) {
  if (value.is_none()) return std::nullopt;
  if (PyTuple_Check(value.ptr()) == 0 || PyTuple_GET_SIZE(value.ptr()) != 2) {
    refuse_type(what, "None, or a pair of texts: the property that is violated, and what was seen",
                value);
  }
  const auto pair = py::reinterpret_borrow<py::tuple>(value);
  return sim::Violation{to_text(pair[0], what), to_text(pair[1], what)};
}

}  // namespace synchrodb::python
