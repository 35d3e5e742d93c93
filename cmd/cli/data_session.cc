#include "cmd/cli/data_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cmd/cli/output.h"
#include "engine/kv/ascii.h"

namespace synchrodb::cli {
namespace {

constexpr int kMaxRedirections = 5;

bool is(const std::vector<std::string>& argv, std::string_view name) {
  return !argv.empty() && equals_ignoring_case(argv[0], name);
}

// Commands that turn a connection into a stream: there is no end to wait for.
bool is_endless(const std::vector<std::string>& argv) {
  constexpr std::array<std::string_view, 6> kEndless = {"subscribe", "psubscribe", "ssubscribe",
                                                        "monitor",   "sync",       "psync"};
  return std::any_of(kEndless.begin(), kEndless.end(),
                     [&argv](std::string_view name) { return is(argv, name); });
}

// Redis writes an IPv6 address without brackets.
std::string bracketed(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const bool bare = !address.starts_with("[") && address.find(':') != colon;
  return bare ? "[" + address.substr(0, colon) + "]" + address.substr(colon) : address;
}

// Where "MOVED slot host:port" points; an empty host means the node that said it.
std::optional<net::Destination> moved_to(const Reply& reply, const net::Destination& from) {
  if (!reply.has_error_code("MOVED")) return std::nullopt;
  const std::size_t space = reply.text().rfind(' ');
  const std::string address = bracketed(reply.text().substr(space + 1));
  const bool same_host = address.starts_with(":");
  Result<net::Destination> there = net::parse_destination((same_host ? "same" : "") + address);
  if (!there) return std::nullopt;
  if (same_host) there.value().host = from.host;
  return there.value();
}

}  // namespace

void DataSession::disconnect() {
  connection_.reset();
  in_transaction_ = false;
}

Result<> DataSession::connect() {
  disconnect();
  try {
    connection_.emplace(context_.dialer.connect(where_).wait(context_.io.waitScope));
  } catch (const kj::Exception& exception) {
    return Error{ErrorCode::kUnavailable,
                 "cannot connect to " + where_.text() + ": " + net::error_of(exception).message +
                     ". Does a server run there? -h and -p name another" +
                     (context_.options.dial.tls ? "; --tls needs one that speaks TLS" : "")};
  }
  return greet();
}

Result<> DataSession::greet() {
  const std::string& password = context_.options.password;
  std::vector<std::string> greeting;
  if (context_.options.resp3) {
    greeting = {"HELLO", "3"};
    if (!password.empty()) greeting.insert(greeting.end(), {"AUTH", "default", password});
  } else if (!password.empty()) {
    greeting = {"AUTH", password};
  } else {
    return {};
  }
  Result<Reply> reply = call(greeting);
  if (!reply) return reply.error();
  if (reply.value().is_error()) {
    disconnect();
    return Error{ErrorCode::kInvalid, where_.text() + " refuses: " + reply.value().text()};
  }
  return {};
}

Result<Reply> DataSession::call(const std::vector<std::string>& argv) {
  try {
    return connection_->call(argv).wait(context_.io.waitScope);
  } catch (const kj::Exception& exception) {
    const bool was_in_transaction = in_transaction_;
    disconnect();
    return Error{ErrorCode::kUnavailable,
                 "the connection to " + where_.text() +
                     " ended before the reply: " + net::error_of(exception).message +
                     (was_in_transaction && !is(argv, "exec")
                          ? "; the transaction is gone, none of it was executed"
                          : "; whether the command took effect is unknown")};
  }
}

Result<Reply> DataSession::execute(const std::vector<std::string>& argv) {
  if (is_endless(argv)) {
    return Error{ErrorCode::kUnsupported, argv[0] + ": streams are not for this program"};
  }
  if (connection_ && !connection_->open()) {
    const bool was_in_transaction = in_transaction_;
    disconnect();
    if (was_in_transaction) {
      return Error{ErrorCode::kUnavailable, where_.text() +
                                                " closed the connection; the transaction is gone, "
                                                "none of it was executed"};
    }
  }
  for (int redirections = 0;; ++redirections) {
    if (!connection_) {
      if (Result<> done = connect(); !done) return done.error();
    }
    Result<Reply> reply = call(argv);
    if (!reply) return reply;
    const std::optional<net::Destination> there = moved_to(reply.value(), where_);
    if (!context_.options.follow_moved || !there || in_transaction_ ||
        redirections == kMaxRedirections) {
      note(argv, reply.value());
      return reply;
    }
    if (context_.options.format == Format::kPretty) print("-> " + there->text() + "\n");
    where_ = *there;
    disconnect();
  }
}

void DataSession::note(const std::vector<std::string>& argv, const Reply& reply) {
  if (is(argv, "multi") && !reply.is_error()) {
    in_transaction_ = true;
  } else if (is(argv, "exec") || is(argv, "discard") || is(argv, "reset")) {
    // An EXEC that fails has ended the transaction as well.
    in_transaction_ = false;
  }
}

}  // namespace synchrodb::cli
