// The typed client: net/client/database.h. What comes in and goes out are tuples of bytes and
// numbers, which synchrodb/client.py makes and understands.
#include "net/client/database.h"

#include "bindings/python/net/bind.h"
#include "bindings/python/net/door.h"

namespace synchrodb::python {
namespace {

// Members are destroyed in the reverse order: the database before the dialer that it uses.
struct Connected {
  std::shared_ptr<OnLoop<net::Dialer>> dialer;
  std::shared_ptr<OnLoop<net::Database>> database;
};

py::tuple tuple_of(const net::Answer& answer) {
  const char* const kinds[] = {"ok", "not-executed", "unknown"};
  return py::make_tuple(kinds[static_cast<std::size_t>(answer.kind)], answer.why, answer.final);
}

py::tuple tuple_of(const net::KeyRecord& record) {
  return py::make_tuple(py::bytes(record.key), py::bytes(record.value), record.version,
                        record.expiry_ms);
}

// ("never" | "as-before" | "after" | "at", milliseconds)
net::WhenExpires expiry_of(const py::tuple& given) {
  const auto kind = given[0].cast<std::string>();
  if (kind == "as-before") return net::ExpiresAsBefore{};
  if (kind == "after") return net::ExpiresAfter{given[1].cast<std::uint64_t>()};
  if (kind == "at") return net::ExpiresAt{given[1].cast<std::int64_t>()};
  return net::ExpiresNever{};
}

// ("anything" | "absent" | "present" | "value" | "version", bytes or a number)
net::KeyIs condition_of(const py::tuple& given) {
  const auto kind = given[0].cast<std::string>();
  if (kind == "absent") return {net::KeyIs::Absent{}};
  if (kind == "present") return {net::KeyIs::Present{}};
  if (kind == "value") return {net::KeyIs::Value{given[1].cast<std::string>()}};
  if (kind == "version") return {net::KeyIs::Version{given[1].cast<std::uint64_t>()}};
  return {net::KeyIs::Anything{}};
}

net::Freshness freshness_of(const std::string& word) {
  if (word == "lease") return net::Freshness::kLease;
  if (word == "stale") return net::Freshness::kStale;
  return net::Freshness::kLinearizable;
}

// [(key, condition)], [(key, "get" | "put" | "delete", value, expiry)]
net::Transaction transaction_of(const py::list& conditions, const py::list& steps) {
  net::Transaction asked;
  for (const py::handle item : conditions) {
    const auto one = item.cast<py::tuple>();
    asked.conditions.push_back({one[0].cast<std::string>(), condition_of(one[1])});
  }
  for (const py::handle item : steps) {
    const auto one = item.cast<py::tuple>();
    const auto kind = one[1].cast<std::string>();
    net::Transaction::Step step{one[0].cast<std::string>(), net::Transaction::Get{}};
    if (kind == "delete") step.what = net::Transaction::Remove{};
    if (kind == "put") {
      step.what = net::Transaction::Put{one[2].cast<std::string>(), expiry_of(one[3])};
    }
    asked.steps.push_back(std::move(step));
  }
  return asked;
}

class Watch {
 public:
  Watch(Connected connected, const net::KeysOf& keys, std::uint64_t from)
      : connected_(std::move(connected)) {
    LoopThread& loop = connected_.dialer->loop();
    auto made = call<kj::Own<net::DatabaseWatch>>(loop, [&] {
      return kj::Promise<kj::Own<net::DatabaseWatch>>((*connected_.database)->watch(keys, from));
    });
    watch_ = std::make_unique<OnLoop<net::DatabaseWatch>>(loop, kj::mv(made));
  }

  // None: not begun within the seconds.
  py::object begun(std::optional<double> seconds) {
    if (beginning_ == nullptr) {
      beginning_ = Call<std::uint64_t>::begin(loop(), [this] { return (*watch_)->begun(); });
    }
    if (!beginning_->wait(seconds)) return py::none();
    const std::uint64_t index = std::exchange(beginning_, nullptr)->take();
    return py::int_(index);
  }

  // None: nothing within the seconds; the next call goes on waiting.
  py::object next(std::optional<double> seconds) {
    if (coming_ == nullptr) {
      coming_ = Call<net::WatchedChanges>::begin(loop(), [this] { return (*watch_)->next(); });
    }
    if (!coming_->wait(seconds)) return py::none();
    const net::WatchedChanges told = std::exchange(coming_, nullptr)->take();
    if (!told.failed.empty()) throw NetFailure({ErrorCode::kUnavailable, told.failed});
    const char* const kinds[] = {"put", "deleted", "cleared"};
    py::list changes;
    for (const net::WatchedChange& change : told.changes) {
      changes.append(py::make_tuple(kinds[static_cast<std::size_t>(change.kind)],
                                    tuple_of(change.record), change.value_omitted, change.index));
    }
    return py::make_tuple(told.missed, changes, told.up_to);
  }

 private:
  LoopThread& loop() { return connected_.dialer->loop(); }

  Connected connected_;
  std::unique_ptr<OnLoop<net::DatabaseWatch>> watch_;
  std::shared_ptr<Call<std::uint64_t>> beginning_;
  std::shared_ptr<Call<net::WatchedChanges>> coming_;
};

class Database {
 public:
  Database(const std::vector<std::string>& nodes, std::string password, double call_timeout,
           double attempt_timeout, const TlsOptions& tls) {
    const std::vector<net::Destination> destinations = destinations_of(nodes);
    net::DatabaseOptions options;
    options.password = std::move(password);
    options.call_timeout = duration_of(call_timeout);
    options.attempt_timeout = duration_of(attempt_timeout);
    connected_.dialer = make_dialer(tls, attempt_timeout);
    LoopThread& loop = connected_.dialer->loop();
    auto made = call<kj::Own<net::Database>>(loop, [&]() -> kj::Promise<kj::Own<net::Database>> {
      return kj::heap<net::Database>(**connected_.dialer, destinations, options);
    });
    connected_.database = std::make_shared<OnLoop<net::Database>>(loop, kj::mv(made));
  }

  py::tuple get(const std::string& key, const std::string& freshness) {
    const auto got = ask<net::GetAnswer>(
        [&](net::Database& database) { return database.get(key, freshness_of(freshness)); });
    return py::make_tuple(tuple_of(got),
                          got.record ? py::object(tuple_of(*got.record)) : py::none());
  }

  py::tuple put(const std::string& key, const std::string& value, const py::tuple& expires,
                const py::tuple& condition) {
    const net::WhenExpires when = expiry_of(expires);
    const net::KeyIs is = condition_of(condition);
    return put_answer(ask<net::PutAnswer>(
        [&](net::Database& database) { return database.put(key, value, when, is); }));
  }

  py::tuple remove(const std::string& key, const py::tuple& condition) {
    const net::KeyIs is = condition_of(condition);
    const auto told =
        ask<net::DeleteAnswer>([&](net::Database& database) { return database.remove(key, is); });
    return py::make_tuple(tuple_of(told), told.applied, told.existed);
  }

  py::tuple compare_and_set(const std::string& key, const std::optional<std::string>& expected,
                            const std::optional<std::string>& value) {
    return put_answer(ask<net::PutAnswer>(
        [&](net::Database& database) { return database.compare_and_set(key, expected, value); }));
  }

  py::tuple transact(const py::list& conditions, const py::list& steps) {
    const net::Transaction asked = transaction_of(conditions, steps);
    const auto told = ask<net::TransactionAnswer>(
        [&](net::Database& database) { return database.transact(asked); });
    py::list results;
    for (const net::OperationAnswer& one : told.results) {
      results.append(py::make_tuple(one.found, tuple_of(one.record)));
    }
    return py::make_tuple(tuple_of(told), told.applied, results);
  }

  py::tuple scan(bool by_prefix, const std::string& from, const std::string& to,
                 std::uint64_t cursor, std::uint32_t limit, bool keys_only,
                 const std::string& freshness) {
    const auto told = ask<net::ScanAnswer>([&](net::Database& database) {
      return database.scan({by_prefix, from, to}, cursor, limit, keys_only,
                           freshness_of(freshness));
    });
    py::list records;
    for (const net::KeyRecord& record : told.records) records.append(tuple_of(record));
    return py::make_tuple(tuple_of(told), records, told.cursor, told.index);
  }

  std::unique_ptr<Watch> watch(bool by_prefix, const std::string& from, const std::string& to,
                               std::uint64_t index) {
    return std::make_unique<Watch>(open(), net::KeysOf{by_prefix, from, to}, index);
  }

  // Calls under way go on.
  void close() { connected_.database.reset(); }

 private:
  Connected open() const {
    if (connected_.database == nullptr) {
      throw NetFailure({ErrorCode::kUnavailable, "the client is closed"});
    }
    return connected_;
  }

  template <class T, class Ask>
  T ask(Ask question) {
    const Connected held = open();
    return call<T>(held.dialer->loop(), [&] { return question(**held.database); });
  }

  static py::tuple put_answer(const net::PutAnswer& told) {
    return py::make_tuple(tuple_of(told), told.applied, told.version);
  }

  Connected connected_;
};

}  // namespace

void bind_database(py::module_& module) {
  py::class_<Watch>(module, "Watch", "Changes as they come.")
      .def("begun", &Watch::begun, py::arg("seconds"))
      .def("next", &Watch::next, py::arg("seconds"));
  py::class_<Database>(module, "Database", "The typed client.")
      .def(py::init<const std::vector<std::string>&, std::string, double, double,
                    const TlsOptions&>(),
           py::arg("nodes"), py::arg("password"), py::arg("call_timeout"),
           py::arg("attempt_timeout"), py::arg("tls"))
      .def("get", &Database::get)
      .def("put", &Database::put)
      .def("remove", &Database::remove)
      .def("compare_and_set", &Database::compare_and_set)
      .def("transact", &Database::transact)
      .def("scan", &Database::scan)
      .def("watch", &Database::watch)
      .def("close", &Database::close);
}

}  // namespace synchrodb::python
