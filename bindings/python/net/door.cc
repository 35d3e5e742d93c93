#include "bindings/python/net/door.h"

#include <cmath>

namespace synchrodb::python {
namespace {

net::DialOptions dial_options(const TlsOptions& given, double patience) {
  const auto text = [&given](const char* name) {
    const auto found = given.find(name);
    return found == given.end() ? std::string() : found->second;
  };
  net::DialOptions options;
  options.tls = text("tls") == "yes";
  options.ca_file = text("ca_file");
  options.certificate_file = text("certificate_file");
  options.key_file = text("key_file");
  options.server_name = text("server_name");
  options.timeout = duration_of(patience);
  return options;
}

}  // namespace

kj::Duration duration_of(double seconds) {
  return std::llround(seconds * 1e9) * kj::NANOSECONDS;
}

std::vector<net::Destination> destinations_of(const std::vector<std::string>& nodes) {
  std::vector<net::Destination> destinations;
  for (const std::string& text : nodes) {
    Result<net::Destination> parsed = net::parse_destination(text);
    if (!parsed) throw NetFailure(parsed.error());
    destinations.push_back(parsed.value());
  }
  return destinations;
}

std::shared_ptr<OnLoop<net::Dialer>> make_dialer(const TlsOptions& tls, double patience) {
  LoopThread& loop = LoopThread::instance();
  const net::DialOptions options = dial_options(tls, patience);
  std::optional<Error> wrong;
  kj::Own<net::Dialer> made;
  {
    const py::gil_scoped_release unlocked;
    loop.run([&] {
      auto dialer = net::Dialer::make(loop.io(), options);
      if (dialer) {
        made = kj::heap(std::move(*dialer.value()));
      } else {
        wrong = dialer.error();
      }
    });
  }
  if (wrong) throw NetFailure(*wrong);
  return std::make_shared<OnLoop<net::Dialer>>(loop, kj::mv(made));
}

}  // namespace synchrodb::python
