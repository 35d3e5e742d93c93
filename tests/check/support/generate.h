// Random histories: valid by construction, then spoiled.
#pragma once

#include <cstdint>

#include "tests/check/support/draft.h"

namespace synchrodb::check::testing {

// splitmix64: the same numbers everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // In [0, sides).
  std::uint64_t roll(std::uint64_t sides) { return next() % sides; }
  bool chance(std::uint64_t percent) { return roll(100) < percent; }

 private:
  std::uint64_t state_;
};

struct Shape {
  Model model = Model::kCasRegister;
  Dialect dialect = Dialect::kJepsenLog;
  std::size_t operations = 8;
  std::size_t processes = 3;
  std::int64_t values = 3;  // how many distinct ones
  std::int64_t keys = 1;
  std::uint64_t crash_percent = 15;
  bool unique_writes = false;
  bool witnesses = false;
  // Key-value only.
  bool appends = true;
  bool increments = true;
};

// Runs processes against one correct object a key: each operation takes effect at one moment
// between its invocation and its completion, crashed ones perhaps. Linearizable by construction
// when judged with `options_for(shape)`.
Drafts generate(Dice& dice, const Shape& shape);
// Changes one thing: an answer, an argument, the place of an event, an outcome; or drops an
// operation. What comes out may be valid or not.
void mutate(Dice& dice, const Shape& shape, Drafts* drafts);

Options options_for(const Shape& shape);

}  // namespace synchrodb::check::testing
