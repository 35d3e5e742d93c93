#include "bindings/python/core/columns.h"

#include <algorithm>

namespace synchrodb::python {

// Words are few and come in runs: a search is as quick as a table.
std::int16_t Words::code_of(const char* literal) {
  if (literal == last_) return last_code_;
  const auto found = std::find(words_.begin(), words_.end(), literal);
  last_ = literal;
  last_code_ = static_cast<std::int16_t>(found - words_.begin());
  if (found == words_.end()) words_.emplace_back(literal);
  return last_code_;
}

py::tuple Words::categories() const {
  py::tuple all(words_.size());
  for (std::size_t i = 0; i < words_.size(); ++i) all[i] = py::str(words_[i]);
  return all;
}

}  // namespace synchrodb::python
