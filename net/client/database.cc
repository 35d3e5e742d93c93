#include "net/client/database.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "net/client/database_messages.h"
#include "net/client/database_watch.h"
#include "net/client/node_link.h"

namespace synchrodb::net {
namespace {

// The name of a write, see RequestId of the schema. 0: of none.
struct NumberedSession {
  std::uint64_t id = 0;
  std::uint64_t sequence = 0;
};

template <class A>
struct Attempted {
  Attempt attempt;
  A answer;  // where the attempt was ok
};

// A call, over all of its attempts.
template <class A>
struct Call {
  // Sends it once.
  using Send =
      std::function<kj::Promise<Attempted<A>>(wire::Database::Client&, const NumberedSession&)>;

  Send send;
  kj::TimePoint deadline;
  bool writes;
  NumberedSession session = {};
  bool maybe_executed = false;  // an earlier attempt may have been
  std::string why = {};         // what became of the last one
};

// Sends a request; `read` makes the answer of the results.
template <class A, class Request, class Read>
kj::Promise<Attempted<A>> send(Request&& request, Read read) {
  return request.send().then([read](auto&& response) {
    Attempted<A> attempted{read_outcome(response.getOutcome()), A()};
    if (attempted.attempt.answer.ok()) attempted.answer = read(response);
    static_cast<Answer&>(attempted.answer) = attempted.attempt.answer;
    return attempted;
  });
}

template <class Request>
void number(Request& request, const NumberedSession& session) {
  auto id = request.initRequest();
  id.setSession(session.id);
  id.setSequence(session.sequence);
}

struct SessionAnswer : Answer {
  std::uint64_t session = 0;
};

}  // namespace

struct Database::State {
  State(Dialer& the_dialer, std::vector<Destination> the_nodes, DatabaseOptions the_options)
      : dialer(the_dialer),
        nodes(std::move(the_nodes)),
        options(std::move(the_options)),
        link(dialer, nodes, options.password, options.attempt_timeout) {}

  kj::TimePoint now() { return dialer.timer().now(); }

  template <class A>
  kj::Promise<A> read(typename Call<A>::Send send);
  template <class A>
  kj::Promise<A> write(typename Call<A>::Send send);
  // Until it is answered, or the deadline has come.
  template <class A>
  kj::Promise<A> pursue(kj::Own<Call<A>> call);
  template <class A>
  kj::Promise<A> attempt(kj::Own<Call<A>> call, kj::Own<NodeLink::Connection> connection);
  template <class A>
  kj::Promise<A> again(kj::Own<Call<A>> call);
  template <class A>
  kj::Promise<A> in_new_session(kj::Own<Call<A>> call);
  template <class A>
  kj::Promise<A> finish(const Call<A>& call, A answer);

  Dialer& dialer;
  std::vector<Destination> nodes;
  DatabaseOptions options;
  NodeLink link;
  std::vector<NumberedSession> idle;
};

template <class A>
kj::Promise<A> Database::State::read(typename Call<A>::Send send) {
  return pursue<A>(
      kj::heap<Call<A>>(Call<A>{std::move(send), now() + options.call_timeout, /*writes=*/false}));
}

template <class A>
kj::Promise<A> Database::State::write(typename Call<A>::Send send) {
  auto call =
      kj::heap<Call<A>>(Call<A>{std::move(send), now() + options.call_timeout, /*writes=*/true});
  if (idle.empty()) return in_new_session<A>(kj::mv(call));
  call->session = idle.back();
  idle.pop_back();
  ++call->session.sequence;
  return pursue<A>(kj::mv(call));
}

template <class A>
kj::Promise<A> Database::State::in_new_session(kj::Own<Call<A>> call) {
  auto open = kj::heap<Call<SessionAnswer>>(Call<SessionAnswer>{
      [](wire::Database::Client& database, const NumberedSession&) {
        return send<SessionAnswer>(database.openSessionRequest(), [](auto& results) {
          SessionAnswer answer;
          answer.session = results.getSession();
          return answer;
        });
      },
      call->deadline, /*writes=*/false});
  return pursue<SessionAnswer>(kj::mv(open))
      .then([this, call = kj::mv(call)](SessionAnswer opened) mutable -> kj::Promise<A> {
        if (!opened.ok()) {
          A answer;
          static_cast<Answer&>(answer) = opened;
          return kj::mv(answer);
        }
        call->session = {opened.session, 1};
        return pursue<A>(kj::mv(call));
      });
}

template <class A>
kj::Promise<A> Database::State::pursue(kj::Own<Call<A>> call) {
  if (now() >= call->deadline) {
    A answer;
    answer.kind = call->maybe_executed ? Answer::Kind::kUnknown : Answer::Kind::kNotExecuted;
    answer.why = call->why.empty() ? "no node answered in time" : call->why;
    return finish(*call, kj::mv(answer));
  }
  // The link tries one node only; a call that waits for it may have given up meanwhile.
  auto connected = dialer.timer().timeoutAt(call->deadline, link.get());
  Call<A>& pending = *call;
  auto held = std::make_shared<kj::Own<Call<A>>>(kj::mv(call));
  return connected.then(
      [this, held](kj::Own<NodeLink::Connection> connection) {
        return attempt<A>(kj::mv(*held), kj::mv(connection));
      },
      [this, held, &pending](kj::Exception&& exception) -> kj::Promise<A> {
        pending.why = error_of(exception).message;
        if (link.worth_another_attempt(exception)) return again<A>(kj::mv(*held));
        A answer;
        answer.kind = pending.maybe_executed ? Answer::Kind::kUnknown : Answer::Kind::kNotExecuted;
        answer.why = pending.why;
        answer.final = !pending.maybe_executed;
        return finish(pending, kj::mv(answer));
      });
}

template <class A>
kj::Promise<A> Database::State::attempt(kj::Own<Call<A>> call,
                                        kj::Own<NodeLink::Connection> connection) {
  const kj::TimePoint until = std::min(call->deadline, now() + options.attempt_timeout);
  auto sent = dialer.timer().timeoutAt(until, call->send(connection->database, call->session));
  auto held = std::make_shared<kj::Own<Call<A>>>(kj::mv(call));
  auto line = std::make_shared<kj::Own<NodeLink::Connection>>(kj::mv(connection));
  return sent.then(
      [this, held, line](Attempted<A>&& attempted) -> kj::Promise<A> {
        Call<A>& pending = **held;
        const Answer& answer = attempted.attempt.answer;
        if (attempted.attempt.session_expired) {
          // Nobody knows what the session knew; but if nothing was sent before, nothing happened.
          if (!pending.maybe_executed) return in_new_session<A>(kj::mv(*held));
          attempted.answer.kind = Answer::Kind::kUnknown;
          pending.session = {};
          return finish(pending, kj::mv(attempted.answer));
        }
        if (answer.ok() || answer.final) return finish(pending, kj::mv(attempted.answer));
        pending.why = answer.why;
        pending.maybe_executed |= pending.writes && answer.kind == Answer::Kind::kUnknown;
        // It may be cut off, or removed: another node may know a leader.
        if (nodes.size() > 1) link.give_up(**line);
        return again<A>(kj::mv(*held));
      },
      [this, held, line](kj::Exception&& exception) -> kj::Promise<A> {
        Call<A>& pending = **held;
        pending.why = error_of(exception).message;
        pending.maybe_executed |= pending.writes;
        if (link.worth_another_attempt(exception)) {
          link.give_up(**line);
          return again<A>(kj::mv(*held));
        }
        A answer;
        answer.kind = pending.maybe_executed ? Answer::Kind::kUnknown : Answer::Kind::kNotExecuted;
        answer.why = pending.why;
        return finish(pending, kj::mv(answer));
      });
}

template <class A>
kj::Promise<A> Database::State::again(kj::Own<Call<A>> call) {
  return dialer.timer().afterDelay(options.pause).then([this, call = kj::mv(call)]() mutable {
    return pursue<A>(kj::mv(call));
  });
}

template <class A>
kj::Promise<A> Database::State::finish(const Call<A>& call, A answer) {
  // An unknown write of the session will not be executed after the next one.
  if (call.session.id != 0 && idle.size() < options.idle_sessions) idle.push_back(call.session);
  return kj::mv(answer);
}

// ---- The calls ---------------------------------------------------------------------------------

Database::Database(Dialer& dialer, std::vector<Destination> nodes, DatabaseOptions options)
    : state_(kj::heap<State>(dialer, std::move(nodes), std::move(options))) {}

Database::~Database() noexcept(false) = default;

kj::Promise<GetAnswer> Database::get(std::string key, Freshness freshness) {
  return state_->read<GetAnswer>(
      [key = std::move(key), freshness](wire::Database::Client& database, const NumberedSession&) {
        auto request = database.getRequest();
        request.setKey(data_of(key));
        request.setConsistency(consistency_of(freshness));
        return send<GetAnswer>(kj::mv(request), [key](auto& results) {
          GetAnswer answer;
          if (!results.getFound()) return answer;
          answer.record = read_record(results.getRecord());
          answer.record->key = key;
          return answer;
        });
      });
}

namespace {

constexpr auto kReadPut = [](auto& results) {
  PutAnswer answer;
  answer.applied = results.getApplied();
  answer.version = results.getVersion();
  return answer;
};

}  // namespace

kj::Promise<PutAnswer> Database::put(std::string key, std::string value, WhenExpires expires,
                                     KeyIs condition) {
  return state_->write<PutAnswer>(
      [key = std::move(key), value = std::move(value), expires, condition = std::move(condition)](
          wire::Database::Client& database, const NumberedSession& session) {
        auto request = database.putRequest();
        request.setKey(data_of(key));
        request.setValue(data_of(value));
        write_expiry(request.initExpiry(), expires);
        write_condition(request.initCondition(), condition);
        number(request, session);
        return send<PutAnswer>(kj::mv(request), kReadPut);
      });
}

kj::Promise<DeleteAnswer> Database::remove(std::string key, KeyIs condition) {
  return state_->write<DeleteAnswer>(
      [key = std::move(key), condition = std::move(condition)](wire::Database::Client& database,
                                                               const NumberedSession& session) {
        auto request = database.deleteRequest();
        request.setKey(data_of(key));
        write_condition(request.initCondition(), condition);
        number(request, session);
        return send<DeleteAnswer>(kj::mv(request), [](auto& results) {
          DeleteAnswer answer;
          answer.applied = results.getApplied();
          answer.existed = results.getExisted();
          return answer;
        });
      });
}

kj::Promise<PutAnswer> Database::compare_and_set(std::string key,
                                                 std::optional<std::string> expected,
                                                 std::optional<std::string> value) {
  return state_->write<PutAnswer>(
      [key = std::move(key), expected = std::move(expected), value = std::move(value)](
          wire::Database::Client& database, const NumberedSession& session) {
        auto request = database.compareAndSetRequest();
        request.setKey(data_of(key));
        write_maybe(request.initExpected(), expected);
        write_maybe(request.initValue(), value);
        number(request, session);
        return send<PutAnswer>(kj::mv(request), kReadPut);
      });
}

kj::Promise<TransactionAnswer> Database::transact(Transaction transaction) {
  auto asked = std::make_shared<const Transaction>(std::move(transaction));
  return state_->write<TransactionAnswer>(
      [asked](wire::Database::Client& database, const NumberedSession& session) {
        auto request = database.transactionRequest();
        write_transaction(request, *asked);
        number(request, session);
        return send<TransactionAnswer>(
            kj::mv(request), [asked](auto& results) { return read_transaction(results, *asked); });
      });
}

kj::Promise<ScanAnswer> Database::scan(KeysOf keys, std::uint64_t cursor, std::uint32_t limit,
                                       bool keys_only, Freshness freshness) {
  return state_->read<ScanAnswer>([keys = std::move(keys), cursor, limit, keys_only, freshness](
                                      wire::Database::Client& database, const NumberedSession&) {
    auto request = database.scanRequest();
    write_range(request.initRange(), keys);
    request.setCursor(cursor);
    request.setLimit(limit);
    request.setKeysOnly(keys_only);
    request.setConsistency(consistency_of(freshness));
    return send<ScanAnswer>(kj::mv(request), [](auto& results) { return read_scan(results); });
  });
}

kj::Own<DatabaseWatch> Database::watch(KeysOf keys, std::uint64_t from) {
  return make_database_watch(state_->dialer, state_->nodes, state_->options, std::move(keys), from);
}

}  // namespace synchrodb::net
