// How a program outside a cluster reaches one of its nodes: TCP, plain or with TLS, for RESP and
// for Cap'n Proto alike.
#pragma once

#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/env/result.h"

namespace synchrodb::net {

// A host's name or address, and a port.
struct Destination {
  std::string host;
  std::uint16_t port = 0;

  // "host:port"; an IPv6 address in brackets.
  std::string text() const;
  bool operator==(const Destination&) const = default;
};

// "host:port", "[address]:port". The error names what is wrong.
Result<Destination> parse_destination(std::string_view text);

struct DialOptions {
  bool tls = false;
  std::string ca_file;           // PEM; empty: the system's authorities
  std::string certificate_file;  // PEM, with key_file, for servers that ask for the client's
  std::string key_file;
  std::string server_name;  // what the server's certificate must name; empty: the host
  kj::Duration timeout = 5 * kj::SECONDS;
};

class Dialer {
 public:
  // Reads the certificates. `io` must outlive the dialer and all that it connected.
  static Result<std::unique_ptr<Dialer>> make(kj::AsyncIoContext& io, DialOptions options);

  // A connection, or an exception (see error_of) when there is none within the timeout. The dialer
  // must outlive the promise.
  kj::Promise<kj::Own<kj::AsyncIoStream>> connect(const Destination& destination);

  kj::Timer& timer() { return io_.provider->getTimer(); }

 private:
  Dialer(kj::AsyncIoContext& io, DialOptions options) : io_(io), options_(std::move(options)) {}
  Result<> prepare_tls();

  kj::AsyncIoContext& io_;
  DialOptions options_;
  std::unique_ptr<kj::TlsContext> tls_;  // null without TLS
};

// What went wrong, in words for people: without source positions and KJ's frills. kUnavailable:
// there is no connection, or none any more; kTimeout; kUnsupported: the server does not know the
// call; kInvalid: the server refused, and its own words are the message.
Error error_of(const kj::Exception& exception);

// Whether there is no connection because one end does not believe the other's certificate. The same
// node will not do better when it is tried again.
bool is_distrust(const kj::Exception& exception);

}  // namespace synchrodb::net
