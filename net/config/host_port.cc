#include "net/config/host_port.h"

#include <algorithm>
#include <optional>

#include "engine/kv/numbers.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035
constexpr std::int64_t kMaxPort = 65'535;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_plain_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

// Loosely: the resolver has the last word.
bool is_ipv6(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == ':' || c == '.' || c == '%'; });
}

Error invalid(std::string_view text, const std::string& why) {
  return {ErrorCode::kInvalid, "'" + std::string(text.substr(0, 300)) + "' " + why};
}

}  // namespace

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHostBytes && (is_plain_host(text) || is_ipv6(text));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid(text, "has no port: write host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return invalid(text, "has an IPv6 address without brackets: write [address]:port");
  }
  if (!is_host(host) || (bracketed && !is_ipv6(host))) {
    return invalid(text, "has no valid host: write host:port");
  }
  const std::optional<std::int64_t> port = parse_integer(port_text);
  if (!port || *port < 1 || *port > kMaxPort) {
    return invalid(text, "has no valid port: it is an integer from 1 to 65535");
  }
  return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const HostPort& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace synchrodb::net
