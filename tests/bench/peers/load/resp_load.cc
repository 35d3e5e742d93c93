#include "tests/bench/peers/load/resp_load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "tests/bench/peers/load/connection.h"
#include "tests/bench/peers/load/resp.h"
#include "tests/bench/peers/load/workload.h"

namespace synchrodb::load {
namespace {

class RespThread {
 public:
  RespThread(const Options& options, unsigned thread)
      : options_(options),
        thread_(thread),
        workload_(options, thread),
        value_(options.value_bytes, 'x'),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  RespThread(const RespThread&) = delete;
  RespThread& operator=(const RespThread&) = delete;
  ~RespThread() {
    if (epoll_ >= 0) close(epoll_);
  }

  Result<> connect();
  Results run(const Window& window);

 private:
  void begin_batch(Connection& connection);
  void on_event(Connection& connection, std::uint32_t events);
  void on_writable(Connection& connection);
  void want_writable(Connection& connection, bool wanted);
  void give_up_on_silent_ones();
  void lose(Connection& connection, std::string_view why);
  void retire(Connection& connection);

  const Options& options_;
  unsigned thread_;
  Workload workload_;
  std::string value_;
  int epoll_;
  std::deque<Connection> connections_;
  std::size_t active_ = 0;
  Clock::time_point end_;
  Results results_;
};

Result<> RespThread::connect() {
  if (epoll_ < 0) return Error{ErrorCode::kIo, std::string("epoll: ") + std::strerror(errno)};
  for (unsigned i = thread_; i < options_.connections; i += options_.threads) {
    Connection& connection = connections_.emplace_back();
    Result<> opened = connection.open(options_.endpoints[i % options_.endpoints.size()]);
    if (!opened) return opened;
    epoll_event event{EPOLLIN, {.ptr = &connection}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket(), &event) != 0) {
      return Error{ErrorCode::kIo, std::string("epoll: ") + std::strerror(errno)};
    }
  }
  return {};
}

Results RespThread::run(const Window& window) {
  results_ = Results(window);
  end_ = window.end();
  active_ = connections_.size();
  for (Connection& connection : connections_) begin_batch(connection);
  std::array<epoll_event, 256> events;
  Clock::time_point looked = Clock::now();
  while (active_ > 0) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 50);
    for (int i = 0; i < count; ++i) {
      on_event(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr),
               events[static_cast<std::size_t>(i)].events);
    }
    if (Clock::now() - looked > std::chrono::milliseconds(50)) {
      give_up_on_silent_ones();
      looked = Clock::now();
    }
  }
  return std::move(results_);
}

void RespThread::begin_batch(Connection& connection) {
  const Clock::time_point now = Clock::now();
  if (now >= end_) return retire(connection);
  unsigned requests = 0;
  while (requests < options_.pipeline) {
    const std::optional<Request> request = workload_.next();
    if (!request) break;
    const Key key(request->key);
    if (request->write) {
      append_set(connection.batch(), key.text(), value_);
    } else {
      append_get(connection.batch(), key.text());
    }
    ++requests;
  }
  if (requests == 0) return retire(connection);
  Result<> begun = connection.begin(requests, now);
  if (!begun) return lose(connection, begun.error().message);
  if (!connection.batch().empty()) want_writable(connection, true);
}

void RespThread::on_event(Connection& connection, std::uint32_t events) {
  if (connection.is_open() && (events & EPOLLOUT) != 0) on_writable(connection);
  if (!connection.is_open() || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  Result<bool> answered = connection.receive(results_);
  if (!answered) return lose(connection, answered.error().message);
  if (answered.value()) begin_batch(connection);
}

void RespThread::on_writable(Connection& connection) {
  Result<bool> flushed = connection.flush();
  if (!flushed) return lose(connection, flushed.error().message);
  if (flushed.value()) want_writable(connection, false);
}

void RespThread::want_writable(Connection& connection, bool wanted) {
  if (connection.awaits_writable == wanted) return;
  connection.awaits_writable = wanted;
  epoll_event event{EPOLLIN | (wanted ? EPOLLOUT : 0u), {.ptr = &connection}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket(), &event);
}

void RespThread::give_up_on_silent_ones() {
  const Clock::time_point now = Clock::now();
  for (Connection& connection : connections_) {
    if (connection.is_open() && now - connection.begun() > options_.timeout) {
      lose(connection, "no answer within " + std::to_string(options_.timeout.count()) + " s");
    }
  }
}

void RespThread::lose(Connection& connection, std::string_view why) {
  results_.lost_connection(why, connection.outstanding());
  retire(connection);
}

void RespThread::retire(Connection& connection) {
  connection.close();
  --active_;
}

}  // namespace

Result<Results> run_resp(const Options& options, unsigned thread, Window& window) {
  RespThread load(options, thread);
  Result<> connected = load.connect();
  window.arrive();
  if (!connected) return connected.error();
  return load.run(window);
}

}  // namespace synchrodb::load
