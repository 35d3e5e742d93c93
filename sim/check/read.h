// Reads histories that anybody recorded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sim/check/check.h"
#include "sim/check/forms.h"
#include "sim/check/history.h"

namespace synchrodb::check {

struct ReadResult {
  // Empty if all went well; otherwise what is wrong, with its line.
  std::string error;
  History history;
  Format format = Format::kAuto;  // as read
  // What the file itself says (write.h, Label), or what its form implies.
  std::optional<Model> model;
  std::optional<Dialect> dialect;
  std::optional<Value> initial;
};

// Never crashes: whatever the bytes are, there is a history or an error. Operations of a process
// that is not a number (`:nemesis`) are skipped.
//
// Operations on a key have a field `:key`, or (Jepsen's independent keys) values `[key value]`; the
// latter is assumed if every operation of the file looks like that.
//
// What the form implies, where there is no label: Jepsen logs are of the dialect jepsen-log, EDN
// of the dialect knossos; operations on named keys, appends, increments and deletes mean the model
// kv; keys in a field `:key` start as the empty string (Porcupine's convention); acquire and
// release mean the model mutex.
ReadResult read_history(std::string_view bytes, Format format = Format::kAuto);

}  // namespace synchrodb::check
