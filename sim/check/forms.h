// The operations of a file one by one, whatever it is written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/check/edn.h"

namespace synchrodb::check {

enum class Format : std::uint8_t {
  kAuto,
  // Jepsen's and Knossos' EDN: a vector or list of maps, or a map after the other.
  kEdn,
  // `INFO  jepsen.util - 2<TAB>:invoke<TAB>:cas<TAB>[3 0]`; other lines are skipped.
  kJepsenLog,
  // An object a line (or one array of objects) with the same fields as EDN.
  kJsonLines,
};

std::string_view name(Format format);
std::optional<Format> parse_format(std::string_view word);

// Takes what a file holds. Both functions return what is wrong with it, empty if nothing is; the
// first problem ends the reading.
class FormSink {
 public:
  FormSink() = default;
  FormSink(const FormSink&) = delete;
  FormSink& operator=(const FormSink&) = delete;
  virtual ~FormSink() = default;

  // The map of an event. JSON objects come as maps with keywords for keys.
  virtual std::string form(const Edn& map, std::size_t line) = 0;
  // What the first line says about the history (write.h, Label).
  virtual std::string label(const Edn& /*label*/) { return ""; }
};

struct FormsResult {
  std::string error;  // with its line; empty if all went well
  Format format = Format::kAuto;
};

// Never crashes: whatever the bytes are, all of them are given or there is an error.
FormsResult read_forms(std::string_view bytes, Format format, FormSink& sink);

}  // namespace synchrodb::check
