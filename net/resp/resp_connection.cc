#include "net/resp/resp_connection.h"

#include <kj/debug.h>

#include <algorithm>
#include <utility>

#include "engine/env/sync.h"
#include "engine/kv/ascii.h"
#include "net/log/log.h"
#include "net/loop/refusal.h"
#include "net/resp/client_wait.h"

namespace synchrodb::net {
namespace {

// What an idle connection keeps of its output buffer.
constexpr std::size_t kKeptOutput = 16 * 1024;
// As many replies as one batch has commands.
constexpr std::size_t kMostUnsent = 1024;
// Replies that are this large are sent before more are made.
constexpr std::size_t kMostUnsentBytes = std::size_t{1} << 20;
// What is printed before it is sent.
constexpr std::size_t kSentAtOnce = std::size_t{256} << 10;
// Replies that are no larger leave together with those to others, at the end of the turn.
constexpr std::size_t kMostPosted = std::size_t{4} << 10;
// A client that pauses is looked at again at least so often.
constexpr Duration kPauseLook = milliseconds(10);

RequestLimits limits_of(const ServerOptions& options) {
  RequestLimits limits;
  limits.bulk_bytes = static_cast<std::uint64_t>(options.limits.proto_max_bulk_len_bytes);
  limits.request_bytes = static_cast<std::uint64_t>(options.limits.client_query_buffer_limit_bytes);
  return limits;
}

bool is_http(std::string_view first_word) {
  return equals_ignoring_case(first_word, "post") || equals_ignoring_case(first_word, "host:");
}

}  // namespace

RespConnection::RespConnection(RespServer& server, std::unique_ptr<ClientStream> stream,
                               SocketNames names, bool tls, std::uint64_t id)
    : server_(server),
      stream_(std::move(stream)),
      fiber_(server.loop_.current()),
      parser_(limits_of(server.options_)),
      connection_(server.gateway_, client_.session, server.clock_,
                  [this](const std::vector<std::string>& argv, Duration took, const Reply& reply) {
                    server_.commands_.completed(client_, argv, took, reply);
                  }) {
  client_.fd = stream_->fd();
  client_.id = id;
  client_.tls = tls;
  client_.address = std::move(names.peer);
  client_.local_address = std::move(names.local);
  client_.created = client_.last_interaction = monotonic_now();
  server_.commands_.greet(client_);
  parser_.set_authenticated(client_.authenticated);
  server_.connections_.emplace(id, this);
}

RespConnection::~RespConnection() {
  server_.connections_.erase(client_.id);
}

void RespConnection::run() {
  try {
    while (!must_close()) {
      const std::size_t bytes = receive();
      if (bytes == 0) break;
      parser_.commit(bytes);
      busy_ = true;
      serve_what_came();
      busy_ = false;
      parser_.release();
    }
    if (!client_.close_at_once && !stream_->drain(idle_deadline())) {
      ++server_.counters_.closed_idle;
    }
  } catch (const kj::Exception& exception) {
    log_event(LogLevel::kDebug, "resp", "connection broke",
              {{"client", client_.address}, {"why", words_of(exception)}});
  }
}

bool RespConnection::must_close() const {
  return client_.close_after_reply || client_.close_at_once || connection_.lost();
}

Instant RespConnection::idle_deadline() const {
  const std::int64_t idle = server_.options_.limits.timeout_s;
  return idle > 0 ? monotonic_now() + seconds(idle) : kNever;
}

std::size_t RespConnection::receive() {
  const std::span<char> space = parser_.writable();
  client_.query_bytes = parser_.pending_bytes();
  client_.total_bytes = sizeof *this + parser_.memory_bytes() + output_.capacity();
  std::optional<std::size_t> read;
  do {
    read = stream_->read(space.data(), space.size(), idle_deadline());
  } while (!read && stream_->takes_posted());
  if (!read) {
    ++server_.counters_.closed_idle;
    client_.close_at_once = true;
  }
  const std::size_t bytes = read.value_or(0);
  ++server_.counters_.reads;
  server_.counters_.input_bytes += bytes;
  client_.last_interaction = server_.loop_.turn_began();
  return bytes;
}

void RespConnection::serve_what_came() {
  RequestParser::Outcome outcome = RequestParser::Outcome::kNeedMore;
  while (!must_close() && (outcome = parser_.next()) == RequestParser::Outcome::kCommand) {
    handle(parser_.argv());
    if (manners_.size() >= kMostUnsent || connection_.reply_bytes() >= kMostUnsentBytes) {
      connection_.finish();
      print_replies();
      send();
    }
  }
  connection_.finish();
  if (outcome == RequestParser::Outcome::kError && !must_close()) {
    ++server_.counters_.protocol_errors;
    connection_.add_reply(Reply::error(parser_.error()));
    note_manner();
    client_.close_after_reply = true;
  }
  print_replies();
  post();
  if (connection_.lost()) {
    ++server_.counters_.closed_unknown_outcome;
    log_event(LogLevel::kWarning, "resp", "closed: the outcome of a write is unknown",
              {{"client", client_.address}});
  }
}

void RespConnection::handle(const std::span<const std::string_view>& words) {
  ++server_.counters_.commands;
  std::vector<std::string> argv(words.begin(), words.end());
  if (is_http(argv[0])) return close_http();
  wait_while_paused(argv);
  if (ServerCommands::may_park(argv)) {
    connection_.finish();
    client_.last_write = std::max(client_.last_write, connection_.last_write());
    print_replies();
    send();
  }
  execute(std::move(argv));
  if (connection_.lost()) return;
  note_manner();
  parser_.set_authenticated(client_.authenticated || server_.options_.security.requirepass.empty());
}

// A browser that a hostile page makes talk to this port, most likely: it must not get so far as to
// send a command in its body.
void RespConnection::close_http() {
  ++server_.counters_.http_requests;
  client_.close_at_once = true;
  log_event(LogLevel::kWarning, "resp",
            "possible attack: HTTP is spoken to this port; the connection is closed",
            {{"client", client_.address}});
}

void RespConnection::execute(std::vector<std::string> argv) {
  if (std::optional<Reply> reply = server_.commands_.execute(client_, argv)) {
    connection_.add_reply(std::move(*reply));
    return;
  }
  if (std::optional<Reply> elsewhere = server_.redirect_(client_, argv)) {
    connection_.add_reply(client_.session.refuse(std::move(*elsewhere)));
    return;
  }
  execute_data(std::move(argv));
}

void RespConnection::execute_data(std::vector<std::string> argv) {
  const bool trusting = server_.options_.requests.reads == ReadPolicy::kLease;
  // What EXEC certifies must have been read as new as WATCH was.
  const bool stale = client_.readonly && client_.session.watched().empty();
  connection_.set_consistency(stale      ? ReadConsistency::kStale
                              : trusting ? ReadConsistency::kLease
                                         : ReadConsistency::kLinearizable);
  connection_.add(std::move(argv));
  // What of a transaction is not in the log is answered once the log has.
  const QueuedCommands queued = ServerCommands::take_queued(client_);
  if (queued.empty() || connection_.lost()) return;
  connection_.finish();
  if (connection_.lost()) return;
  Reply& last = connection_.last_reply();
  last = server_.commands_.finish(client_, queued, std::move(last));
}

void RespConnection::wait_while_paused(const std::vector<std::string>& argv) {
  if (!server_.commands_.pause().active()) return;
  bool waited = false;
  ClientWait wait(server_.loop_, server_, client_, kPatienceWhenEnded);
  while (const auto until =
             server_.commands_.pause().postponed(client_.session, argv, monotonic_now())) {
    if (!std::exchange(waited, true)) {
      connection_.finish();
      print_replies();
      send();
    }
    wait.park(std::min(*until, monotonic_now() + kPauseLook));
  }
}

void RespConnection::note_manner() {
  manners_.push_back(
      {client_.replies.admit(), client_.resp == 3 ? RespVersion::k3 : RespVersion::k2});
}

// What is printed leaves piece by piece, so that a client that takes it is never far behind.
void RespConnection::print_replies() {
  const std::vector<Reply> replies = connection_.take_replies();
  const Outlet outlet{kSentAtOnce, [this] { send(); }};
  for (std::size_t i = 0; i < replies.size() && !client_.close_at_once; ++i) {
    const Manner manner = i < manners_.size() ? manners_[i] : Manner{true, RespVersion::k2};
    if (!manner.sent || over_output_limit(replies[i])) continue;
    print(replies[i], manner.version, output_, outlet);
  }
  manners_.clear();
}

// Whether so much would wait for the client then; the connection is to be closed.
bool RespConnection::over_output_limit(const Reply& reply) {
  const auto limit =
      static_cast<std::size_t>(server_.options_.limits.client_output_buffer_limit_bytes);
  const std::size_t bytes = output_.size() + bytes_of(reply);
  if (limit == 0 || bytes <= limit) return false;
  ++server_.counters_.closed_output_limit;
  client_.close_at_once = true;
  log_event(LogLevel::kWarning, "resp", "closed: over the output buffer limit",
            {{"client", client_.address}, {"bytes", bytes}});
  return true;
}

void RespConnection::send() {
  if (client_.close_at_once || output_.empty()) return;
  ++server_.counters_.writes;
  for (std::string_view rest = output_; !rest.empty();) {
    client_.output_bytes = rest.size();
    rest.remove_prefix(send_some(rest));
  }
  client_.output_bytes = 0;
  output_.clear();
  if (output_.capacity() > kKeptOutput) output_.shrink_to_fit();
}

// The last replies to what came.
void RespConnection::post() {
  if (must_close() || output_.size() > kMostPosted) return send();
  if (output_.empty()) return;
  if (!stream_->post(output_)) return send();
  ++server_.counters_.writes;
  server_.counters_.output_bytes += output_.size();
  client_.last_interaction = server_.loop_.turn_began();
  output_.clear();
}

// One that does not take its replies is as idle as one that asks for nothing.
std::size_t RespConnection::send_some(std::string_view bytes) {
  const std::optional<std::size_t> taken = stream_->write(bytes, idle_deadline());
  if (!taken) {
    ++server_.counters_.closed_idle;
    kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "it was idle: it took none of its replies"));
  }
  server_.counters_.output_bytes += *taken;
  client_.last_interaction = server_.loop_.turn_began();
  return *taken;
}

}  // namespace synchrodb::net
