// Drives a state machine without consensus: every request becomes the next entry.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "consensus/entry.h"
#include "engine/kv/command.h"
#include "engine/kv/state_machine.h"
#include "engine/session/session.h"

namespace synchrodb::testing {

using Argv = std::vector<std::string>;

inline WallInterval wall_at_ms(std::int64_t ms) {
  const WallTime time{ms * 1'000'000};
  return {time, time, true};
}

// An arbitrary day, in milliseconds since 1970.
inline constexpr std::int64_t kToday = 1'700'000'000'000;

// A state machine together with the log that made it.
class Machine {
 public:
  explicit Machine(StateMachineOptions options = {}) : state_(options) {}

  std::int64_t now_ms = kToday;
  StateMachine& state() { return state_; }
  const std::vector<EntryRef>& log() const { return log_; }

  Reply apply(const Request& request) { return apply_payload(encode(request)); }
  Reply apply_payload(std::string payload, EntryKind kind = EntryKind::kCommand) {
    log_.push_back(
        make_entry(Term{1}, state_.applied().next(), kind, wall_at_ms(now_ms), std::move(payload)));
    return state_.apply(*log_.back());
  }
  // Through the log, whether it reads or writes.
  Reply run(const Argv& argv, SessionId session = {}, std::uint64_t sequence = 0) {
    return apply_payload(encode_command(argv, session, sequence));
  }
  Reply read(const Argv& argv) const { return state_.read(argv); }
  // Lets the stamp pass.
  void tick(std::int64_t ms) {
    now_ms += ms;
    Request request;
    request.kind = RequestKind::kStamp;
    apply(request);
  }
  SessionId open_session() {
    Request request;
    request.kind = RequestKind::kOpenSession;
    return SessionId{static_cast<std::uint64_t>(apply(request).number())};
  }

 private:
  StateMachine state_;
  std::vector<EntryRef> log_;
};

// What a server does for a connection.
inline Reply serve(Session& session, Machine& machine, Argv argv) {
  Step step = session.handle(std::move(argv));
  if (auto* reply = std::get_if<Reply>(&step)) return std::move(*reply);
  if (auto* read = std::get_if<ReadStep>(&step)) return machine.read(read->argv);
  if (auto* write = std::get_if<WriteStep>(&step)) return machine.apply(write->request);
  const auto& watch = std::get<WatchStep>(step);
  return session.finish_watch(watch, machine.read(watch.argv));
}

inline std::string quote(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte > 0x7e) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A reply on one line, as tests/data/kv/record.py writes it.
inline std::string line_of(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
      return "nil";
    case Reply::Kind::kNilArray:
      return "nil-array";
    case Reply::Kind::kStatus:
      return "+" + quote(reply.text());
    case Reply::Kind::kError:
      return "-" + quote(reply.text());
    case Reply::Kind::kInteger:
      return ":" + std::to_string(reply.number());
    case Reply::Kind::kBulk:
      return quote(reply.text());
    case Reply::Kind::kBoolean:
      return reply.number() != 0 ? "#t" : "#f";
    case Reply::Kind::kVerbatim:
      return "=" + quote(reply.text());
    case Reply::Kind::kDouble:
      return "," + std::to_string(reply.real_number());
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      std::string out = "[";
      for (const Reply& element : reply.elements()) {
        if (out.size() > 1) out += ", ";
        out += line_of(element);
      }
      return out + "]";
    }
  }
  return "?";
}

}  // namespace synchrodb::testing
