#include "tests/check/support/draft.h"

#include <algorithm>
#include <tuple>

namespace synchrodb::check::testing {

Value to_value(History& history, const Datum& datum) {
  switch (datum.kind) {
    case Value::Kind::kNone:
      return Value();
    case Value::Kind::kAbsent:
      return Value::absent();
    case Value::Kind::kInteger:
      return Value::integer(datum.number);
    case Value::Kind::kText:
      return history.text(datum.text);
  }
  return Value();
}

Datum to_datum(const History& history, Value value) {
  if (value.is_absent()) return Datum::absent();
  if (value.is_integer()) return Datum::integer(value.number());
  if (value.is_text()) return Datum::string(std::string(history.bytes(value)));
  return Datum::none();
}

History record(const Drafts& drafts, std::int64_t tick, std::int64_t start) {
  struct Event {
    std::int64_t moment;
    bool completion;
    std::size_t draft;
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    events.push_back({drafts[i].invoke, false, i});
    if (drafts[i].outcome != Outcome::kInfo) events.push_back({drafts[i].complete, true, i});
  }
  std::sort(events.begin(), events.end(), [](const Event& x, const Event& y) {
    return std::tie(x.moment, x.completion, x.draft) < std::tie(y.moment, y.completion, y.draft);
  });
  History history;
  std::vector<OperationId> ids(drafts.size());
  for (const Event& event : events) {
    const Draft& draft = drafts[event.draft];
    const std::int64_t time = start + event.moment * tick;
    if (event.completion) {
      history.complete(ids[event.draft], draft.outcome, to_value(history, draft.result), time,
                       draft.witness);
      continue;
    }
    const KeyId key = draft.key == 0 ? kOnlyKey : history.key(draft.key);
    ids[event.draft] =
        history.invoke({draft.process, draft.function, key, to_value(history, draft.argument),
                        to_value(history, draft.expected)},
                       time);
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].outcome == Outcome::kInfo && drafts[i].witness) {
      history.set_witness(ids[i], *drafts[i].witness);
    }
  }
  return history;
}

Drafts drafts_of(const History& history, KeyId key) {
  Drafts drafts;
  for (const Operation& operation : history.operations()) {
    if (operation.key != key) continue;
    Draft& draft = drafts.emplace_back();
    draft.process = operation.process;
    draft.function = operation.function;
    draft.argument = to_datum(history, operation.argument);
    draft.expected = to_datum(history, operation.expected);
    draft.result = to_datum(history, operation.result);
    draft.outcome = operation.outcome;
    draft.invoke = operation.invoke_order;
    const bool open = operation.complete_order == kNeverCompleted;
    draft.complete = open ? kForever : std::int64_t{operation.complete_order};
    if (const Witness* witness = history.witness(operation)) draft.witness = *witness;
  }
  return drafts;
}

Draft read(std::int32_t process, Datum result, During during) {
  Draft draft;
  draft.process = process;
  draft.result = std::move(result);
  draft.outcome = Outcome::kOk;
  draft.invoke = during.invoke;
  draft.complete = during.complete;
  return draft;
}

Draft write(std::int32_t process, Datum argument, During during) {
  Draft draft = read(process, Datum::none(), during);
  draft.function = Function::kWrite;
  draft.argument = std::move(argument);
  return draft;
}

Draft cas(std::int32_t process, Datum expected, Datum argument, During during) {
  Draft draft = write(process, std::move(argument), during);
  draft.function = Function::kCas;
  draft.expected = std::move(expected);
  return draft;
}

Draft failed(Draft draft) {
  draft.outcome = Outcome::kFail;
  return draft;
}

Draft crashed(Draft draft) {
  draft.outcome = Outcome::kInfo;
  draft.complete = kForever;
  draft.result = Datum::none();
  return draft;
}

}  // namespace synchrodb::check::testing
