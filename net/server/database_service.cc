#include "net/server/database_service.h"

#include <algorithm>
#include <utility>

#include "net/loop/in_fiber.h"
#include "net/server/database_requests.h"
#include "net/server/database_watch.h"

namespace synchrodb::net {
namespace {

// Calls under way on a node, and what they carry.
constexpr std::size_t kMaxCalls = 4096;
constexpr std::size_t kMaxBytesUnderWay = std::size_t{128} << 20;

constexpr const char* kRecovering = "the node is recovering";

using Reason = wire::Refusal::Reason;

}  // namespace

class DatabaseHost::Room {
 public:
  Room(DatabaseHost& host, std::size_t bytes)
      : host_(host),
        bytes_(bytes),
        granted_(host.calls_ < kMaxCalls && host.bytes_ + bytes <= kMaxBytesUnderWay) {
    if (!granted_) return;
    ++host_.calls_;
    host_.bytes_ += bytes_;
  }
  ~Room() {
    if (!granted_) return;
    --host_.calls_;
    host_.bytes_ -= bytes_;
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  bool granted() const { return granted_; }

 private:
  DatabaseHost& host_;
  std::size_t bytes_;
  bool granted_;
};

namespace {

// The database as one client sees it.
class DatabaseService final : public wire::Database::Server {
 public:
  explicit DatabaseService(DatabaseHost& host) : host_(host) {}

 protected:
  kj::Promise<void> get(GetContext context) override;
  kj::Promise<void> put(PutContext context) override;
  kj::Promise<void> delete_(DeleteContext context) override;
  kj::Promise<void> compareAndSet(CompareAndSetContext context) override;
  kj::Promise<void> transaction(TransactionContext context) override;
  kj::Promise<void> scan(ScanContext context) override;
  kj::Promise<void> watch(WatchContext context) override;
  kj::Promise<void> openSession(OpenSessionContext context) override;
  kj::Promise<void> closeSession(CloseSessionContext context) override;

 private:
  const DatabaseParts& parts() const { return host_.parts(); }

  void refuse(wire::Outcome::Builder out, Reason reason, const std::string& why) const;
  // Writes how a call ended into `out`; true: well, and `outcome.reply` is no error.
  bool judge(const Outcome& outcome, wire::Outcome::Builder out) const;
  void judge_error(const Reply& error, wire::Outcome::Builder out) const;

  Outcome read(const Request& request, ReadConsistency consistency);
  // In the session that the request names, if any.
  Outcome write(Request& request);

  // A call of reads, or of a write, as all of them go: check, execute, write the results.
  template <class Context>
  kj::Promise<void> read_call(Context context, Result<Request> request);
  template <class Context, class Write>
  kj::Promise<void> write_call(Context context, Result<Request> request, Write write_reply);
  // `work` in a fiber, if the node has room for it.
  template <class Context>
  kj::Promise<void> admit(Context context, std::function<void()> work);

  void begin_watch(WatchContext context, KeyRange range);

  DatabaseHost& host_;
  // Shared with the watches, which may outlive this.
  std::shared_ptr<std::size_t> watches_ = std::make_shared<std::size_t>(0);
};

void DatabaseService::refuse(wire::Outcome::Builder out, Reason reason,
                             const std::string& why) const {
  auto refusal = out.initNotExecuted();
  refusal.setReason(reason);
  refusal.setWhy(why);
  refusal.setLeader(parts().leader_address());
}

void DatabaseService::judge_error(const Reply& error, wire::Outcome::Builder out) const {
  Reason reason = Reason::INVALID;
  if (error.has_error_code("SESSIONEXPIRED")) reason = Reason::SESSION_EXPIRED;
  if (error.text().starts_with("ERR session: stale")) reason = Reason::STALE_SEQUENCE;
  if (error.has_error_code("OOM")) reason = Reason::OVERLOADED;
  refuse(out, reason, error.text());
}

bool DatabaseService::judge(const Outcome& outcome, wire::Outcome::Builder out) const {
  switch (outcome.kind) {
    case Outcome::Kind::kOk:
      if (outcome.reply.is_error()) {
        judge_error(outcome.reply, out);
        return false;
      }
      out.setOk();
      return true;
    case Outcome::Kind::kFailed:
      if (outcome.why.empty()) {
        refuse(out, Reason::NO_LEADER, "no leader was found in time");
      } else {
        refuse(out, Reason::OVERLOADED, outcome.why);
      }
      return false;
    case Outcome::Kind::kUnknown:
      out.setUnknown("the leader was lost, or did not answer in time");
      return false;
  }
  return false;
}

Outcome DatabaseService::read(const Request& request, ReadConsistency consistency) {
  if (consistency != ReadConsistency::kStale) {
    return parts().gateway.read(encode(request), consistency);
  }
  Outcome outcome;
  const Replica* replica = parts().replica();
  if (replica == nullptr) {
    outcome.kind = Outcome::Kind::kFailed;
    outcome.why = kRecovering;
    return outcome;
  }
  outcome.kind = Outcome::Kind::kOk;
  outcome.reply = replica->state_machine().read_encoded(encode(request));
  outcome.index = replica->state_machine().applied();
  return outcome;
}

Outcome DatabaseService::write(Request& request) {
  return request.session ? parts().gateway.write_for(request) : parts().gateway.write(request);
}

// ---- How calls go ------------------------------------------------------------------------------

template <class Context>
kj::Promise<void> DatabaseService::admit(Context context, std::function<void()> work) {
  const std::size_t bytes = context.getParams().totalSize().wordCount * sizeof(capnp::word);
  auto room = std::make_shared<DatabaseHost::Room>(host_, bytes);
  if (!room->granted()) {
    refuse(context.getResults().initOutcome(), Reason::OVERLOADED,
           "too many calls are under way on this node");
    return kj::READY_NOW;
  }
  // The client may leave meanwhile, and the connection end.
  const auto self = std::make_shared<capnp::Capability::Client>(thisCap());
  return in_fiber(parts().loop, "database call", [work = std::move(work), room, self] { work(); });
}

template <class Context>
kj::Promise<void> DatabaseService::read_call(Context context, Result<Request> request) {
  const auto consistency = read_consistency(context.getParams().getConsistency());
  if (!request || !consistency) {
    const Error& error = request ? consistency.error() : request.error();
    refuse(context.getResults().initOutcome(), Reason::INVALID, error.message);
    return kj::READY_NOW;
  }
  return admit(context, [this, context, request = std::move(request).value(),
                         level = consistency.value()]() mutable {
    context.releaseParams();
    const Outcome outcome = read(request, level);
    auto results = context.getResults();
    if (!judge(outcome, results.initOutcome())) return;
    KJ_REQUIRE(write_results(outcome.reply, results), "the answer was not understood");
    if constexpr (std::is_same_v<Context, ScanContext>) results.setIndex(outcome.index.value);
  });
}

template <class Context, class Write>
kj::Promise<void> DatabaseService::write_call(Context context, Result<Request> request,
                                              Write write_reply) {
  const auto id = context.getParams().getRequest();
  if (request && (id.getSession() == 0) != (id.getSequence() == 0)) {
    request = Error{ErrorCode::kInvalid, "request: session and sequence go together, from 1"};
  }
  if (!request) {
    refuse(context.getResults().initOutcome(), Reason::INVALID, request.error().message);
    return kj::READY_NOW;
  }
  request.value().session = SessionId{id.getSession()};
  request.value().sequence = id.getSequence();
  return admit(
      context, [this, context, request = std::move(request).value(), write_reply]() mutable {
        context.releaseParams();
        const Outcome outcome = write(request);
        auto results = context.getResults();
        if (!judge(outcome, results.initOutcome())) return;
        KJ_REQUIRE(write_reply(request, outcome.reply, results), "the answer was not understood");
      });
}

// ---- The calls ---------------------------------------------------------------------------------

namespace {

constexpr auto kWriteReply = [](const Request&, const Reply& reply, auto results) {
  return write_results(reply, results);
};

}  // namespace

kj::Promise<void> DatabaseService::get(GetContext context) {
  return read_call(context, get_request(context.getParams().getKey()));
}

kj::Promise<void> DatabaseService::scan(ScanContext context) {
  return read_call(context, scan_request(context.getParams()));
}

kj::Promise<void> DatabaseService::put(PutContext context) {
  return write_call(context, put_request(context.getParams()), kWriteReply);
}

kj::Promise<void> DatabaseService::delete_(DeleteContext context) {
  return write_call(context, delete_request(context.getParams()), kWriteReply);
}

kj::Promise<void> DatabaseService::compareAndSet(CompareAndSetContext context) {
  return write_call(context, compare_and_set_request(context.getParams()), kWriteReply);
}

kj::Promise<void> DatabaseService::transaction(TransactionContext context) {
  return write_call(context, transaction_request(context.getParams()),
                    [](const Request& request, const Reply& reply, auto results) {
                      return write_results(request, reply, results);
                    });
}

kj::Promise<void> DatabaseService::openSession(OpenSessionContext context) {
  return admit(context, [this, context]() mutable {
    Request open;
    open.kind = RequestKind::kOpenSession;
    const Outcome outcome = parts().gateway.write_for(open);
    auto results = context.getResults();
    if (!judge(outcome, results.initOutcome())) return;
    KJ_REQUIRE(outcome.reply.kind() == Reply::Kind::kInteger, "the answer was not understood");
    results.setSession(static_cast<std::uint64_t>(outcome.reply.number()));
  });
}

kj::Promise<void> DatabaseService::closeSession(CloseSessionContext context) {
  return admit(context, [this, context]() mutable {
    Request close;
    close.kind = RequestKind::kCloseSession;
    close.session = SessionId{context.getParams().getSession()};
    judge(parts().gateway.write_for(close), context.getResults().initOutcome());
  });
}

kj::Promise<void> DatabaseService::watch(WatchContext context) {
  auto outcome = [&context] { return context.getResults().initOutcome(); };
  Result<KeyRange> range = read_range(context.getParams().getRange());
  if (!range || !context.getParams().hasWatcher()) {
    refuse(outcome(), Reason::INVALID, range ? "watcher: there is none" : range.error().message);
    return kj::READY_NOW;
  }
  if (host_.watches().full() || *watches_ >= kMaxWatchesPerConnection) {
    refuse(outcome(), Reason::OVERLOADED, "this node, or this connection, has too many watches");
    return kj::READY_NOW;
  }
  return admit(context, [this, context, range = std::move(range).value()]() mutable {
    begin_watch(context, std::move(range));
  });
}

void DatabaseService::begin_watch(WatchContext context, KeyRange range) {
  auto results = context.getResults();
  if (parts().replica() == nullptr) {
    return refuse(results.initOutcome(), Reason::NO_LEADER, kRecovering);
  }
  const Index from{context.getParams().getFrom()};
  Index begin = from;
  bool complete = true;
  if (!from || from < parts().history.begin()) {
    // "Now" is what a linearizable read sees, however far this node has come itself.
    Request any;
    any.commands.push_back({"SYNCHRODB.VERSIONS", "now"});
    const Outcome now = parts().gateway.read(encode(any), ReadConsistency::kLinearizable);
    if (!judge(now, results.initOutcome())) return;
    begin = std::max(now.index.next(), parts().history.begin());
    complete = !from;
  }
  // Others came while this one waited.
  if (host_.watches().full() || *watches_ >= kMaxWatchesPerConnection) {
    return refuse(results.initOutcome(), Reason::OVERLOADED, "too many watches, or a shutdown");
  }
  results.initOutcome().setOk();
  results.setBegin(begin.value);
  results.setComplete(complete);
  ++*watches_;
  results.setWatch(host_.watches().start(std::move(range), begin, context.getParams().getWatcher(),
                                         [watches = watches_] { --*watches; }));
}

}  // namespace

DatabaseHost::DatabaseHost(DatabaseParts parts)
    : parts_(std::move(parts)), watches_(std::make_unique<WatchRegistry>(parts_)) {}

DatabaseHost::~DatabaseHost() = default;

wire::Database::Client DatabaseHost::login() {
  return kj::heap<DatabaseService>(*this);
}

void DatabaseHost::shut_down() {
  watches_->shut_down();
}

}  // namespace synchrodb::net
