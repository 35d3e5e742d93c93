// Where nodes are, and how they are reached: what every client is made of.
#pragma once

#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindings/python/net/loop_thread.h"
#include "net/client/dialer.h"

namespace synchrodb::python {

// Of Python's `seconds`, which are checked there.
kj::Duration duration_of(double seconds);

// By name: tls ("yes"), ca_file, certificate_file, key_file, server_name, as of net::DialOptions.
using TlsOptions = std::map<std::string, std::string>;

// Texts "host:port" as destinations; throws what is wrong with them.
std::vector<net::Destination> destinations_of(const std::vector<std::string>& nodes);

// A dialer of the loop's thread; throws what is wrong with the certificates. `patience`: until a
// connection is given up.
std::shared_ptr<OnLoop<net::Dialer>> make_dialer(const TlsOptions& tls, double patience);

}  // namespace synchrodb::python
