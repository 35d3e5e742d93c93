#include "tests/check/support/generate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace synchrodb::check::testing {
namespace {

std::optional<std::int64_t> as_integer(const Datum& datum) {
  if (datum.kind == Value::Kind::kAbsent) return 0;
  if (datum.kind == Value::Kind::kInteger) return datum.number;
  std::int64_t number = 0;
  const char* end = datum.text.data() + datum.text.size();
  const auto [stop, error] = std::from_chars(datum.text.data(), end, number);
  if (error != std::errc() || stop != end || std::to_string(number) != datum.text) {
    return std::nullopt;
  }
  return number;
}

std::string as_text(const Datum& datum) {
  if (datum.kind == Value::Kind::kInteger) return std::to_string(datum.number);
  return datum.text;
}

// The object that the processes share: takes effects one at a time.
class Object {
 public:
  explicit Object(const Shape& shape) {
    if (shape.model == Model::kMutex) state_ = Datum::integer(0);
    const bool zero = shape.dialect == Dialect::kKnossos && shape.model != Model::kKeyValue;
    if (zero) state_ = Datum::integer(0);
  }

  // False: it failed.
  bool apply(Draft* draft) {
    switch (draft->function) {
      case Function::kRead:
        draft->result = state_;
        return true;
      case Function::kWrite:
        state_ = draft->argument;
        return true;
      case Function::kCas:
        if (as_canonical(state_) != as_canonical(draft->expected)) return false;
        state_ = draft->argument;
        return true;
      case Function::kAppend: {
        const std::string longer = as_text(state_) + as_text(draft->argument);
        state_ = Datum::string(longer);
        draft->result = Datum::integer(static_cast<std::int64_t>(longer.size()));
        return true;
      }
      case Function::kIncrement: {
        const auto number = as_integer(state_);
        if (!number) return false;
        state_ = Datum::integer(*number + draft->argument.number);
        draft->result = state_;
        return true;
      }
      case Function::kDelete:
        draft->result = Datum::integer(state_.kind == Value::Kind::kAbsent ? 0 : 1);
        state_ = Datum::absent();
        return true;
      case Function::kAcquire:
      case Function::kRelease: {
        const std::int64_t from = draft->function == Function::kAcquire ? 0 : 1;
        if (state_.number != from) return false;
        state_ = Datum::integer(1 - from);
        return true;
      }
    }
    return false;
  }

 private:
  static std::string as_canonical(const Datum& datum) {
    return datum.kind == Value::Kind::kAbsent ? "absent" : "is " + as_text(datum);
  }

  Datum state_ = Datum::absent();
};

class Generator {
 public:
  Generator(Dice& dice, const Shape& shape) : dice_(dice), shape_(shape) {}

  Drafts run() {
    std::vector<std::optional<std::size_t>> open(shape_.processes);
    std::vector<bool> effective(shape_.operations, false);
    std::size_t active = 0;
    while (drafts_.size() < shape_.operations || active > 0) {
      ++now_;
      const std::size_t process = dice_.roll(shape_.processes);
      if (!open[process]) {
        if (drafts_.size() == shape_.operations) continue;
        open[process] = drafts_.size();
        ++active;
        invoke(static_cast<std::int32_t>(process));
        continue;
      }
      const std::size_t id = *open[process];
      if (!effective[id]) {
        effective[id] = true;
        if (take_effect(id)) continue;
      }
      complete(id);
      open[process].reset();
      --active;
    }
    return std::move(drafts_);
  }

 private:
  Datum some_value() {
    const auto value =
        static_cast<std::int64_t>(dice_.roll(static_cast<std::uint64_t>(shape_.values)));
    if (shape_.model == Model::kKeyValue && dice_.chance(30)) {
      return Datum::string(std::string(1, static_cast<char>('a' + value)));
    }
    return Datum::integer(value);
  }

  Function some_function() {
    if (shape_.model == Model::kMutex) {
      return dice_.chance(50) ? Function::kAcquire : Function::kRelease;
    }
    if (shape_.model == Model::kKeyValue) {
      while (true) {
        const auto function = static_cast<Function>(dice_.roll(6));
        if (function == Function::kAppend && !shape_.appends) continue;
        if (function == Function::kIncrement && !shape_.increments) continue;
        return function;
      }
    }
    return static_cast<Function>(dice_.roll(shape_.model == Model::kRegister ? 2 : 3));
  }

  void invoke(std::int32_t process) {
    Draft& draft = drafts_.emplace_back();
    draft.process = process;
    draft.invoke = now_;
    draft.complete = kForever;
    draft.key =
        shape_.keys == 1
            ? 0
            : 1 + static_cast<std::int64_t>(dice_.roll(static_cast<std::uint64_t>(shape_.keys)));
    draft.function = some_function();
    switch (draft.function) {
      case Function::kCas:
        draft.expected = dice_.chance(15) ? Datum::absent() : some_value();
        [[fallthrough]];
      case Function::kWrite:
      case Function::kAppend:
        draft.argument = shape_.unique_writes && draft.function != Function::kAppend
                             ? Datum::integer(100 + unique_++)
                             : some_value();
        break;
      case Function::kIncrement:
        draft.argument = Datum::integer(1 + static_cast<std::int64_t>(dice_.roll(2)));
        break;
      default:
        break;
    }
  }

  Object& object(std::int64_t key) { return objects_.try_emplace(key, shape_).first->second; }

  // False if the operation is to complete at once, without an effect.
  bool take_effect(std::size_t id) {
    Draft& draft = drafts_[id];
    crashes_ = dice_.chance(shape_.crash_percent);
    if (crashes_ && dice_.chance(50)) {
      draft.outcome = Outcome::kInfo;
      draft.result = Datum::none();
      return false;
    }
    const bool worked = object(draft.key).apply(&draft);
    draft.outcome = crashes_ ? Outcome::kInfo : worked ? Outcome::kOk : Outcome::kFail;
    if (shape_.witnesses) {
      Witness witness;
      witness.group = 1;
      witness.term = 3;
      if (draft.function == Function::kRead) {
        witness.read_index = log_;
      } else {
        witness.index = ++log_;
      }
      if (!crashes_ || dice_.chance(50)) draft.witness = witness;
    }
    return true;
  }

  void complete(std::size_t id) {
    Draft& draft = drafts_[id];
    if (draft.outcome == Outcome::kInfo) {
      draft.result = Datum::none();
      return;
    }
    draft.complete = now_;
    const bool optional_result = draft.function != Function::kRead;
    if (optional_result && dice_.chance(40)) draft.result = Datum::none();
    if (draft.outcome == Outcome::kFail) draft.result = Datum::none();
  }

  Dice& dice_;
  const Shape& shape_;
  Drafts drafts_;
  std::map<std::int64_t, Object> objects_;
  std::int64_t now_ = 0;
  std::int64_t unique_ = 0;
  std::uint64_t log_ = 0;
  bool crashes_ = false;
};

Datum other_value(Dice& dice, const Shape& shape, const Drafts& drafts) {
  // Mostly a value that somebody mentions, so that the change is not silly.
  const Draft& draft = drafts[dice.roll(drafts.size())];
  if (dice.chance(60) && draft.argument.kind != Value::Kind::kNone) return draft.argument;
  if (dice.chance(30)) return Datum::absent();
  return Datum::integer(
      static_cast<std::int64_t>(dice.roll(static_cast<std::uint64_t>(shape.values + 1))));
}

}  // namespace

std::uint64_t Dice::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t x = state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

Drafts generate(Dice& dice, const Shape& shape) {
  return Generator(dice, shape).run();
}

void mutate(Dice& dice, const Shape& shape, Drafts* drafts) {
  if (drafts->empty()) return;
  Draft& draft = (*drafts)[dice.roll(drafts->size())];
  switch (dice.roll(7)) {
    case 0:
    case 1:
      if (draft.outcome != Outcome::kOk) break;
      if (draft.function == Function::kRead) draft.result = other_value(dice, shape, *drafts);
      if (draft.result.kind == Value::Kind::kInteger) {
        draft.result.number += draft.function == Function::kDelete ? 0 : 1;
        if (draft.function == Function::kDelete) draft.result.number = 1 - draft.result.number;
      }
      break;
    case 2: {
      const auto shift = static_cast<std::int64_t>(dice.roll(9)) - 4;
      draft.invoke += shift;
      if (draft.outcome != Outcome::kInfo) draft.complete += shift;
      break;
    }
    case 3:
      if (draft.outcome == Outcome::kInfo) break;
      draft.complete = std::max(draft.invoke, draft.complete - 3);
      break;
    case 4:
      if (draft.function == Function::kCas) {
        draft.outcome = draft.outcome == Outcome::kOk ? Outcome::kFail : Outcome::kOk;
        if (draft.complete == kForever) draft.complete = draft.invoke + 3;
        draft.result = Datum::none();
      } else if (shape.model == Model::kMutex && draft.outcome != Outcome::kInfo) {
        draft.outcome = draft.outcome == Outcome::kOk ? Outcome::kFail : Outcome::kOk;
      } else if (draft.function == Function::kWrite) {
        draft.argument = other_value(dice, shape, *drafts);
      }
      break;
    case 5:
      // Nobody executed it.
      draft.outcome = Outcome::kRefused;
      draft.result = Datum::none();
      if (draft.complete == kForever) draft.complete = draft.invoke + 3;
      break;
    default:
      drafts->erase(drafts->begin() + (&draft - drafts->data()));
  }
}

Options options_for(const Shape& shape) {
  Options options;
  options.model = shape.model;
  options.dialect = shape.dialect;
  return options;
}

}  // namespace synchrodb::check::testing
