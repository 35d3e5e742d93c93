#include "net/client/dialer.h"

#include <charconv>
#include <utility>

#include "net/loop/refusal.h"
#include "net/tls/certificates.h"

namespace synchrodb::net {
namespace {

kj::StringPtr view(const std::string& text) {
  return {text.c_str(), text.size()};
}

// Whatever failed, TLS included: the consequence is that there is no connection.
kj::Exception no_connection(const kj::Exception& exception) {
  if (exception.getType() != kj::Exception::Type::FAILED) return exception;
  const bool other_name = words_of(exception).find("hostname mismatch") != std::string::npos;
  return kj::Exception(
      kj::Exception::Type::DISCONNECTED, exception.getFile(), exception.getLine(),
      kj::str(exception.getDescription(),
              other_name ? " (the certificate names another host; IP addresses in it do not count. "
                           "--server-name says which name is the right one)"
                         : ""));
}

}  // namespace

std::string Destination::text() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Destination> parse_destination(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid,
                    "\"" + std::string(text) + "\" is not HOST:PORT (an IPv6 address in brackets)"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  Destination destination{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), destination.port);
  if (error != std::errc() || end != port.data() + port.size() || destination.port == 0) {
    return wrong;
  }
  if (host.empty() || host.find_first_of(" \t\r\n/\\[]") != std::string_view::npos) return wrong;
  return destination;
}

Result<std::unique_ptr<Dialer>> Dialer::make(kj::AsyncIoContext& io, DialOptions options) {
  std::unique_ptr<Dialer> dialer(new Dialer(io, std::move(options)));
  if (Result<> ready = dialer->prepare_tls(); !ready) return ready.error();
  return dialer;
}

Result<> Dialer::prepare_tls() {
  if (!options_.tls) return {};
  if (options_.certificate_file.empty() != options_.key_file.empty()) {
    return Error{ErrorCode::kInvalid,
                 "a client's certificate and its key go together: --cert, --key"};
  }
  TlsFiles files;
  files.certificate = {options_.certificate_file, "--cert"};
  files.key = {options_.key_file, "--key"};
  files.authorities = {options_.ca_file, "--cacert"};
  Result<std::unique_ptr<kj::TlsContext>> made = make_tls_context(files);
  if (!made) return made.error();
  tls_ = std::move(made).value();
  return {};
}

kj::Promise<kj::Own<kj::AsyncIoStream>> Dialer::connect(const Destination& destination) {
  const std::string address = destination.text();
  auto connected = io_.provider->getNetwork()
                       .parseAddress(view(address), destination.port)
                       .then([](kj::Own<kj::NetworkAddress> parsed) {
                         auto stream = parsed->connect();
                         return stream.attach(kj::mv(parsed));
                       });
  if (tls_ != nullptr) {
    const std::string& name = options_.server_name;
    connected = connected.then(
        [this, host = name.empty() ? destination.host : name](kj::Own<kj::AsyncIoStream> stream) {
          return tls_->wrapClient(kj::mv(stream), view(host));
        });
  }
  return timer()
      .timeoutAfter(options_.timeout, kj::mv(connected))
      .catch_([](kj::Exception&& exception) -> kj::Promise<kj::Own<kj::AsyncIoStream>> {
        return no_connection(exception);
      });
}

Error error_of(const kj::Exception& exception) {
  const std::string text = words_of(exception);
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED:
      return {ErrorCode::kUnavailable, text};
    case kj::Exception::Type::OVERLOADED:
      // KJ's timers say so; a server that is overloaded refuses in words of its own.
      if (text.find("timed out") != std::string::npos) return {ErrorCode::kTimeout, "timed out"};
      return {ErrorCode::kInvalid, text};
    case kj::Exception::Type::UNIMPLEMENTED:
      return {ErrorCode::kUnsupported, "the server does not know this call (another version?)"};
    case kj::Exception::Type::FAILED:
      break;
  }
  return {ErrorCode::kInvalid, text};
}

bool is_distrust(const kj::Exception& exception) {
  if (exception.getType() != kj::Exception::Type::DISCONNECTED) return false;
  const std::string text = words_of(exception);
  const auto says = [&text](const char* words) { return text.find(words) != std::string::npos; };
  if (says("certificate is not trusted")) return true;
  // What the other end thinks of this one's, in the words of OpenSSL's alerts.
  return says(" alert ") && (says("certificate") || says("unknown ca"));
}

}  // namespace synchrodb::net
