#include "cmd/cli/cluster/operator.h"

#include "cmd/cli/exit_codes.h"

namespace synchrodb::cli {

void Operator::add_flags(CLI::App& word) {
  word.add_flag("--json", json_, "prints one JSON value");
  word.add_option("--timeout", timeout_seconds_, "seconds that it may take")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
}

kj::Duration Operator::timeout() const {
  return static_cast<std::int64_t>(timeout_seconds_ * 1e9) * kj::NANOSECONDS;
}

Result<Operator::Client*> Operator::node() {
  if (client_.get() != nullptr) return client_.get();
  const net::Destination& rpc = context_.options.rpc;
  if (rpc.port == 0) {
    return Error{ErrorCode::kInvalid, "the RESP port " +
                                          std::to_string(context_.options.resp.port) +
                                          " + 10000 is no port: give --rpc-port"};
  }
  try {
    client_ = context_.dialer.timer()
                  .timeoutAfter(context_.options.dial.timeout,
                                Client::connect(context_.dialer, rpc, context_.options.password))
                  .wait(context_.io.waitScope);
  } catch (const kj::Exception& exception) {
    const Error error = net::error_of(exception);
    switch (error.code) {
      case ErrorCode::kUnavailable:
      case ErrorCode::kTimeout:
        return Error{
            ErrorCode::kUnavailable,
            "cannot reach the RPC port " + rpc.text() + ": " + error.message +
                ". Does the server run there? Its RPC port is the RESP port + 10000 unless "
                "it was started with another: see --rpc-port and --rpc"};
      case ErrorCode::kUnsupported:
        return Error{ErrorCode::kUnsupported, rpc.text() + ": " + error.message};
      default:
        return Error{error.code, rpc.text() + " refuses: " + error.message};
    }
  }
  return client_.get();
}

Result<> Operator::ask(kj::Promise<void> promise) {
  const Result<bool> done = ask(promise.then([] { return true; }));
  if (!done) return done.error();
  return {};
}

Error Operator::lost(const kj::Exception& exception) const {
  Error error = net::error_of(exception);
  const std::string node = context_.options.rpc.text();
  if (error.code == ErrorCode::kUnavailable) {
    error.message = "the connection to " + node + " was lost before the answer came (" +
                    error.message +
                    "): whether the call took effect is unknown. `cluster status` shows what holds";
  } else if (error.code == ErrorCode::kTimeout) {
    error.message = "no answer from " + node + " within " + format_span(timeout_seconds_) +
                    ": the call may still take effect. `cluster status` shows what holds";
  }
  return error;
}

int Operator::fail(const Error& error) const {
  complain(error.message);
  if (json_) print_json({{"error", error.message}});
  switch (error.code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return kExitNoConnection;
    default:
      return kExitFailed;
  }
}

int Operator::misuse(const std::string& message) const {
  complain(message);
  if (json_) print_json({{"error", message}});
  return kExitUsage;
}

int Operator::done(const std::string& text, const Json& json) const {
  if (json_) {
    print_json(json);
  } else {
    print(text + "\n");
  }
  return kExitOk;
}

}  // namespace synchrodb::cli
