#include "engine/client/client.h"

#include <algorithm>
#include <utility>

#include "engine/env/sync.h"
#include "engine/kv/errors.h"

namespace synchrodb {
Client::Client(Clock& clock, Fibers& fibers, Transport& transport, RandomStream& random,
               ClientOptions options, std::vector<NodeId> nodes)
    : clock_(clock),
      fibers_(fibers),
      transport_(transport),
      random_(random),
      options_(options),
      nodes_(std::move(nodes)) {
  SYNCHRODB_ASSERT(!nodes_.empty(), "a client knows at least one node");
  turn_ = random_.below(nodes_.size());
}

Outcome Client::read(const std::vector<std::string>& argv, ReadConsistency consistency) {
  return read_request(encode_command(argv), consistency);
}

Outcome Client::read_request(std::string payload, ReadConsistency consistency) {
  if (std::optional<Outcome> failed = too_large(payload)) return *failed;
  ClientRequest request;
  request.group = options_.group;
  request.payload = std::move(payload);
  switch (consistency) {
    case ReadConsistency::kLinearizable:
      request.kind = ClientRequest::Kind::kRead;
      break;
    case ReadConsistency::kLease:
      request.kind = ClientRequest::Kind::kLeaseRead;
      break;
    case ReadConsistency::kStale:
      request.kind = ClientRequest::Kind::kStaleRead;
      break;
  }
  return call(request, Repeat::kHarmless, clock_.now() + options_.call_timeout);
}

Outcome Client::write(std::vector<std::string> argv) {
  Request request;
  request.commands.push_back(std::move(argv));
  return execute(request);
}

Outcome Client::transaction(std::vector<std::vector<std::string>> commands,
                            std::vector<WatchedKey> watched) {
  Request request;
  request.transaction = true;
  request.commands = std::move(commands);
  request.watched = std::move(watched);
  return execute(request);
}

Outcome Client::execute(Request& request) {
  const Instant deadline = clock_.now() + options_.call_timeout;
  if (!session_) {
    Outcome opened = open_session(deadline);
    if (!session_) {
      opened.kind = Outcome::Kind::kFailed;  // of the request, whatever became of the session
      return opened;
    }
  }
  request.session = session_;
  request.sequence = ++sequence_;
  Outcome outcome = submit(request, deadline);
  if (outcome.kind == Outcome::Kind::kOk && outcome.reply.has_error_code("SESSIONEXPIRED")) {
    // An earlier attempt may have been applied before the session was evicted.
    session_ = SessionId{};
    outcome.kind = Outcome::Kind::kUnknown;
  }
  return outcome;
}

std::optional<Outcome> Client::too_large(const std::string& payload) {
  if (payload.size() <= kMaxRequestBytes) return std::nullopt;
  Outcome failed;
  failed.kind = Outcome::Kind::kFailed;
  failed.reply = Reply::error("ERR the request is too large: " + std::to_string(payload.size()) +
                              " bytes of at most " + std::to_string(kMaxRequestBytes) +
                              "; nothing was executed");
  return failed;
}

Outcome Client::execute_for(const Request& request) {
  SYNCHRODB_ASSERT(request.session || request.kind != RequestKind::kExecute,
                   "without a session a repetition would be executed again");
  return submit(request, clock_.now() + options_.call_timeout);
}

Outcome Client::submit(const Request& request, Instant deadline) {
  ClientRequest call_request;
  call_request.kind = ClientRequest::Kind::kWrite;
  call_request.group = options_.group;
  call_request.payload = encode(request);
  if (std::optional<Outcome> failed = too_large(call_request.payload)) return *failed;
  const bool session = request.kind == RequestKind::kOpenSession;
  Outcome outcome =
      call(call_request, session ? Repeat::kHarmless : Repeat::kUntilCertain, deadline);
  outcome.session = request.session;
  outcome.sequence = request.sequence;
  return outcome;
}

Outcome Client::open_session(Instant deadline) {
  Request open;
  open.kind = RequestKind::kOpenSession;
  // Opening one too many is harmless: it is evicted in time.
  Outcome outcome = submit(open, deadline);
  if (outcome.kind == Outcome::Kind::kOk && outcome.reply.kind() == Reply::Kind::kInteger) {
    session_ = SessionId{static_cast<std::uint64_t>(outcome.reply.number())};
    sequence_ = 0;
  }
  return outcome;
}

Outcome Client::change(const ConfigurationChange& change) {
  ClientRequest request;
  request.kind = ClientRequest::Kind::kChange;
  request.group = options_.group;
  request.change = change;
  return call(request, Repeat::kNotAtAll, clock_.now() + options_.call_timeout);
}

Outcome Client::transfer(NodeId target) {
  ClientRequest request;
  request.kind = ClientRequest::Kind::kTransfer;
  request.group = options_.group;
  request.target = target;
  return call(request, Repeat::kNotAtAll, clock_.now() + options_.call_timeout);
}

Outcome Client::call(const ClientRequest& request, Repeat repeat, Instant deadline) {
  const Duration extra = extra_time(request);
  deadline = deadline + extra;
  Duration patience = options_.attempt_timeout + extra;
  bool maybe_executed = false;
  Outcome outcome;
  Instant overloaded_since = kNever;
  bool first = true;
  for (Instant now = clock_.now(); now < deadline; now = clock_.now(), first = false) {
    const NodeId node = next_node(first, request);
    const Instant until = std::min(deadline, now + patience);
    Result<ClientReply> answer = attempt(node, request, until);
    if (!answer) {
      leader_ = NodeId{};
      maybe_executed |= answer.error().code != ErrorCode::kUnavailable;
      if (answer.error().code == ErrorCode::kTimeout) {
        patience = patience * options_.patience_growth;
      }
    } else if (answer.value().status == ClientReply::Status::kOk) {
      leader_ = node;
      ClientReply& reply = answer.value();
      outcome.kind = Outcome::Kind::kOk;
      outcome.reply = std::move(reply.reply);
      outcome.term = reply.term;
      outcome.index = reply.index;
      return outcome;
    } else if (!maybe_executed && answer.value().why == errors::kOutOfMemory) {
      // Trying again makes no room.
      leader_ = node;
      outcome.kind = Outcome::Kind::kFailed;
      outcome.reply = Reply::error(std::move(answer.value().why));
      return outcome;
    } else {
      maybe_executed |= answer.value().status == ClientReply::Status::kUnknown;
      outcome.why = std::move(answer.value().why);
      outcome.overloaded = answer.value().status == ClientReply::Status::kOverloaded;
      if (!outcome.overloaded) overloaded_since = kNever;
      if (outcome.overloaded && overloaded_since == kNever) overloaded_since = clock_.now();
      const NodeId hint = answer.value().leader;
      const bool useful = hint && hint != node && (first || leader_ != hint);
      leader_ = hint == node ? NodeId{} : hint;
      if (useful) continue;
    }
    if (maybe_executed && repeat == Repeat::kNotAtAll) break;
    // What may have been executed must be asked for until that is certain.
    const bool out_of_patience =
        outcome.overloaded && clock_.now() - overloaded_since >= options_.overload_patience;
    if (out_of_patience && (!maybe_executed || repeat == Repeat::kHarmless)) break;
    back_off(deadline);
  }
  outcome.kind = maybe_executed ? Outcome::Kind::kUnknown : Outcome::Kind::kFailed;
  return outcome;
}

Duration Client::extra_time(const ClientRequest& request) const {
  constexpr std::uint64_t kFree = 1 << 20;
  const std::uint64_t bytes = request.payload.size();
  if (bytes <= kFree) return Duration{};
  return microseconds(
      static_cast<std::int64_t>((bytes - kFree) * 1'000'000 / options_.slowest_bytes_per_second));
}

Result<ClientReply> Client::attempt(NodeId node, const ClientRequest& request, Instant deadline) {
  struct Call {
    explicit Call(Fibers& fibers) : done(fibers) {}
    Event done;
    std::optional<Result<ClientReply>> answer;
  };
  // Shared with the callback, which may outlive this fiber when the fiber is cancelled.
  auto state = std::make_shared<Call>(fibers_);
  transport_.call(node, request, deadline, [state](Result<ClientReply> answer) {
    state->answer.emplace(std::move(answer));
    state->done.set();
  });
  state->done.wait();
  return std::move(*state->answer);
}

NodeId Client::next_node(bool first, const ClientRequest& request) {
  const bool choosy = request.kind == ClientRequest::Kind::kRead ||
                      request.kind == ClientRequest::Kind::kLeaseRead ||
                      request.kind == ClientRequest::Kind::kChange;
  if (first && choosy && options_.preferred) return options_.preferred;
  if (leader_) return leader_;
  turn_ = (turn_ + 1) % nodes_.size();
  return nodes_[turn_];
}

void Client::back_off(Instant deadline) {
  const Duration pause = random_.between(options_.backoff_min, options_.backoff_max);
  sleep_until(fibers_, std::min(deadline, clock_.now() + pause));
}

}  // namespace synchrodb
