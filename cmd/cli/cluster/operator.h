// The asked node, and how its answers and failures are told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "cmd/cli/context.h"
#include "cmd/cli/output.h"
#include "engine/env/result.h"
#include "net/client/administration.h"

namespace synchrodb::cli {

class Operator {
 public:
  using Client = net::administration::Client;

  explicit Operator(const Context& context)
      : context_(context),
        json_(context.options.format == Format::kJson),
        timeout_seconds_(context.options.timeout_seconds) {}

  // The flags that every word has. `this` must outlive the parsing.
  void add_flags(CLI::App& word);

  bool json() const { return json_; }
  double timeout_seconds() const { return timeout_seconds_; }
  kj::Duration timeout() const;
  const Context& context() const { return context_; }

  // A connection to the asked node; afresh after a failure.
  Result<Client*> node();
  void disconnect() { client_ = nullptr; }
  // Waits for an answer, at most as long as the time-out.
  template <class T>
  Result<T> ask(kj::Promise<T> promise);
  Result<> ask(kj::Promise<void> promise);

  // Says what went wrong and, where there is something, what to do next; on standard output too
  // with --json. Returns the exit code.
  int fail(const Error& error) const;
  int misuse(const std::string& message) const;
  // The good end: `json` with --json, else `text`. Returns the exit code.
  int done(const std::string& text, const Json& json) const;

 private:
  Error lost(const kj::Exception& exception) const;

  const Context& context_;
  bool json_;
  double timeout_seconds_;
  kj::Own<Client> client_;
};

template <class T>
Result<T> Operator::ask(kj::Promise<T> promise) {
  try {
    return context_.dialer.timer()
        .timeoutAfter(timeout(), kj::mv(promise))
        .wait(context_.io.waitScope);
  } catch (const kj::Exception& exception) {
    return lost(exception);
  }
}

}  // namespace synchrodb::cli
