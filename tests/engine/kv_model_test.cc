// Random histories: against a model of plain containers, against a second replica, and against one
// that was restored from a snapshot in the middle.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/kv/numbers.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

// What the commands below do, said as plainly as possible; time is explicit.
class Model {
 public:
  std::int64_t now = kToday;

  std::optional<std::string> get(const std::string& key) {
    forget_expired(key);
    const auto it = values_.find(key);
    return it == values_.end() ? std::nullopt : std::optional(it->second);
  }
  void set(const std::string& key, const std::string& value) {
    values_[key] = value;
    expiries_.erase(key);
  }
  // Keeps the expiry.
  void change(const std::string& key, const std::string& value) {
    get(key);
    values_[key] = value;
  }
  bool del(const std::string& key) {
    const bool was = get(key).has_value();
    values_.erase(key);
    expiries_.erase(key);
    return was;
  }
  void expire_at(const std::string& key, std::int64_t when) {
    if (when <= now) {
      del(key);
    } else {
      expiries_[key] = when;
    }
  }
  std::optional<std::int64_t> expiry(const std::string& key) {
    forget_expired(key);
    const auto it = expiries_.find(key);
    return it == expiries_.end() ? std::nullopt : std::optional(it->second);
  }
  void move(const std::string& from, const std::string& to) {
    const std::string value = *get(from);
    const auto when = expiry(from);
    del(from);
    set(to, value);
    if (when) expiries_[to] = *when;
  }
  void clear() {
    values_.clear();
    expiries_.clear();
  }
  std::vector<std::string> keys() {
    std::vector<std::string> found;
    for (const auto& [key, value] : std::map(values_)) {
      if (get(key)) found.push_back(key);
    }
    return found;
  }

 private:
  void forget_expired(const std::string& key) {
    const auto it = expiries_.find(key);
    if (it == expiries_.end() || it->second >= now) return;
    expiries_.erase(it);
    values_.erase(key);
  }

  std::map<std::string, std::string> values_;
  std::map<std::string, std::int64_t> expiries_;
};

Reply bulk_or_nil(const std::optional<std::string>& value) {
  return value ? Reply::bulk(*value) : Reply::nil();
}

std::string any_key() {
  return *rc::gen::elementOf(std::vector<std::string>{"a", "b", "c", "{a}d", "{a}e", ""});
}

std::string any_value() {
  return *rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange(-20, 20), [](int i) { return std::to_string(i); }),
      rc::gen::arbitrary<std::string>());
}

// One random command: applied to both, and compared.
void step(Machine& machine, Model& model) {
  const std::string key = any_key();
  const auto old = model.get(key);
  switch (*rc::gen::inRange(0, 14)) {
    case 0: {
      const std::string value = any_value();
      RC_ASSERT(machine.run({"SET", key, value}) == Reply::ok());
      model.set(key, value);
      break;
    }
    case 1: {
      const std::string value = any_value();
      const auto ms = *rc::gen::inRange<std::int64_t>(1, 300);
      RC_ASSERT(machine.run({"SET", key, value, "PX", std::to_string(ms)}) == Reply::ok());
      model.set(key, value);
      model.expire_at(key, model.now + ms);
      break;
    }
    case 2: {
      const std::string value = any_value();
      const std::string expected = old && *rc::gen::arbitrary<bool>() ? *old : any_value();
      const bool swaps = old == expected;
      RC_ASSERT(machine.run({"SET", key, value, "IFEQ", expected}) ==
                (swaps ? Reply::ok() : Reply::nil()));
      if (swaps) model.set(key, value);
      break;
    }
    case 3: {
      const std::string bytes = any_value();
      const std::string value = old.value_or("") + bytes;
      RC_ASSERT(machine.run({"APPEND", key, bytes}) ==
                Reply::integer(static_cast<std::int64_t>(value.size())));
      model.change(key, value);
      break;
    }
    case 4: {
      const auto by = *rc::gen::inRange<std::int64_t>(-5, 5);
      const auto number = parse_integer(old.value_or("0"));
      const Reply reply = machine.run({"INCRBY", key, std::to_string(by)});
      RC_ASSERT(reply.is_error() == !number.has_value());
      if (!number) break;
      RC_ASSERT(reply == Reply::integer(*number + by));
      model.change(key, std::to_string(*number + by));
      break;
    }
    case 5: {
      const std::string other = any_key();
      const bool first = model.del(key);
      const bool second = model.del(other);
      RC_ASSERT(machine.run({"DEL", key, other}) == Reply::integer(first + second));
      break;
    }
    case 6: {
      const std::string to = any_key();
      const Reply reply = machine.run({"RENAME", key, to});
      RC_ASSERT(reply == (old ? Reply::ok() : Reply::error("ERR no such key")));
      if (old && key != to) model.move(key, to);
      break;
    }
    case 7: {
      const std::string to = any_key();
      const bool copies = old && key != to && !model.get(to);
      const Reply reply = machine.run({"COPY", key, to});
      if (key != to) RC_ASSERT(reply == Reply::integer(copies));
      if (!copies) break;
      model.set(to, *old);
      if (const auto when = model.expiry(key)) model.expire_at(to, *when);
      break;
    }
    case 8: {
      const auto ms = *rc::gen::inRange<std::int64_t>(-50, 300);
      RC_ASSERT(machine.run({"PEXPIRE", key, std::to_string(ms)}) ==
                Reply::integer(old.has_value()));
      if (old) model.expire_at(key, model.now + ms);
      break;
    }
    case 9: {
      const auto offset = *rc::gen::inRange<std::size_t>(0, 12);
      const std::string bytes = any_value();
      std::string value = old.value_or("");
      if (!bytes.empty()) {
        value.resize(std::max(value.size(), offset + bytes.size()));
        value.replace(offset, bytes.size(), bytes);
        model.change(key, value);
      }
      RC_ASSERT(machine.run({"SETRANGE", key, std::to_string(offset), bytes}) ==
                Reply::integer(static_cast<std::int64_t>(value.size())));
      break;
    }
    case 10: {
      const std::string other = any_key();
      const std::string value = any_value();
      const bool sets = !old && !model.get(other);
      RC_ASSERT(machine.run({"MSETNX", key, value, other, value}) == Reply::integer(sets));
      if (sets) {
        model.set(key, value);
        model.set(other, value);
      }
      break;
    }
    case 11:
      RC_ASSERT(machine.run({"GETDEL", key}) == bulk_or_nil(old));
      model.del(key);
      break;
    case 12: {
      const auto ms = *rc::gen::inRange<std::int64_t>(0, 100);
      machine.tick(ms);
      model.now += ms;
      break;
    }
    default:
      if (*rc::gen::inRange(0, 10) == 0) {
        machine.run({"FLUSHALL"});
        model.clear();
      }
  }
}

void compare(const Machine& machine, Model& model) {
  std::vector<std::string> found;
  const Reply keys = machine.read({"KEYS", "*"});
  for (const Reply& key : keys.elements()) found.push_back(key.text());
  std::sort(found.begin(), found.end());
  RC_ASSERT(found == model.keys());
  for (const std::string& key : found) {
    RC_ASSERT(machine.read({"GET", key}) == bulk_or_nil(model.get(key)));
    const auto when = model.expiry(key);
    RC_ASSERT(machine.read({"PEXPIRETIME", key}) == Reply::integer(when.value_or(-1)));
  }
}

RC_GTEST_PROP(StateMachineModel, CommandsDoWhatAMapWouldDo, ()) {
  Machine machine;
  Model model;
  const auto steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    step(machine, model);
    compare(machine, model);
  }
}

// A log with everything in it: sessions, retries, transactions, ticks, no-ops, nonsense.
void any_entry(Machine& machine, std::vector<SessionId>& sessions, std::uint64_t& sequence) {
  machine.now_ms += *rc::gen::inRange<std::int64_t>(-40, 60);
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
      sessions.push_back(machine.open_session());
      return;
    case 1:
      machine.apply_payload("", EntryKind::kNoop);
      return;
    case 2:
      machine.apply_payload(*rc::gen::arbitrary<std::string>());
      return;
    case 3:
      machine.tick(0);
      return;
    case 4: {
      Request request;
      request.transaction = true;
      request.commands = {{"INCR", any_key()}, {"GET", any_key()}, {"NOSUCH"}};
      const std::string watched = any_key();
      request.watched = {
          {watched, machine.state().version_of(watched) + *rc::gen::inRange<std::uint64_t>(0, 2)}};
      machine.apply(request);
      return;
    }
    case 5:
    case 6:
    case 7: {
      if (sessions.empty()) {
        machine.tick(0);
        return;
      }
      sequence += *rc::gen::inRange<std::uint64_t>(0, 2);
      machine.run({"APPEND", any_key(), "x"}, *rc::gen::elementOf(sessions), sequence);
      return;
    }
    case 8:
      machine.run({"EXPIRE", any_key(), std::to_string(*rc::gen::inRange(-1, 2))});
      return;
    case 9:
      machine.run({"RENAME", any_key(), any_key()});
      return;
    case 10:
      machine.run({"DEL", any_key()});
      return;
    default:
      machine.run({"SET", any_key(), any_value(), "PX", std::to_string(*rc::gen::inRange(1, 200))});
  }
}

RC_GTEST_PROP(StateMachineModel, TheSameLogGivesTheSameDigestAndReplies, ()) {
  const StateMachineOptions options{.max_sessions = 3};
  Machine machine(options);
  std::vector<SessionId> sessions;
  std::uint64_t sequence = 1;
  const auto steps = *rc::gen::inRange(1, 80);
  std::vector<std::uint64_t> digests;
  while (machine.log().size() < static_cast<std::size_t>(steps)) {
    any_entry(machine, sessions, sequence);
    // A reading does not leave a trace.
    machine.read({"SCAN", "0"});
    digests.resize(machine.log().size());
    digests.back() = machine.state().digest();
  }
  // One replica applies it all; the other is restored from the first one's snapshot half-way.
  StateMachine replayed(options);
  StateMachine restored(options);
  const auto half = *rc::gen::inRange<std::size_t>(0, machine.log().size());
  bool has_snapshot = false;
  for (const EntryRef& entry : machine.log()) {
    if (entry->index().value == half + 1) {
      std::string bytes;
      replayed.serialize(bytes);
      RC_ASSERT(restored.restore(bytes).ok());
      RC_ASSERT(restored.applied() == replayed.applied());
      std::string again;
      restored.serialize(again);
      RC_ASSERT(again == bytes);
      has_snapshot = true;
    }
    const Reply reply = replayed.apply(*entry);
    if (has_snapshot) {
      RC_ASSERT(restored.apply(*entry) == reply);
      RC_ASSERT(restored.digest() == replayed.digest());
    }
    const std::uint64_t recorded = digests[entry->index().value - 1];
    RC_ASSERT(recorded == 0 || recorded == replayed.digest());
  }
  RC_ASSERT(replayed.digest() == machine.state().digest());
  RC_ASSERT(restored.earliest_expiry() == machine.state().earliest_expiry());
  for (const char* key : {"a", "b", "c", "{a}d", "{a}e", ""}) {
    RC_ASSERT(restored.version_of(key) == machine.state().version_of(key));
    RC_ASSERT(restored.read(Argv{"GET", key}) == machine.read({"GET", key}));
  }
}

// Clients that send each request any number of times, late or again, count exactly right.
RC_GTEST_PROP(StateMachineModel, RetriesApplyExactlyOnce, ()) {
  Machine machine;
  const auto clients = *rc::gen::inRange<std::size_t>(1, 4);
  struct Client {
    SessionId session;
    std::uint64_t sequence = 0;
    Reply first;
  };
  std::vector<Client> all;
  for (std::size_t i = 0; i < clients; ++i) all.push_back({machine.open_session(), 0, {}});
  std::int64_t total = 0;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    Client& client = all[*rc::gen::inRange<std::size_t>(0, clients)];
    const bool retry = client.sequence > 0 && *rc::gen::arbitrary<bool>();
    if (retry) {
      const auto back = *rc::gen::inRange<std::uint64_t>(0, client.sequence);
      const Reply reply = machine.run({"INCR", "n"}, client.session, client.sequence - back);
      RC_ASSERT((back == 0 ? reply == client.first : reply.is_error()));
    } else {
      client.first = machine.run({"INCR", "n"}, client.session, ++client.sequence);
      RC_ASSERT(client.first == Reply::integer(++total));
    }
    if (*rc::gen::inRange(0, 10) == 0) {
      std::string bytes;
      machine.state().serialize(bytes);
      RC_ASSERT(machine.state().restore(bytes).ok());
    }
  }
  if (total > 0) RC_ASSERT(machine.read({"GET", "n"}) == Reply::bulk(std::to_string(total)));
}

}  // namespace
}  // namespace synchrodb::testing
