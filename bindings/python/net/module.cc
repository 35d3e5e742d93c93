// synchrodb._net: clients of real servers. A module of its own, loaded when it is first used: what
// only simulates needs neither sockets nor TLS.
#include "bindings/python/net/bind.h"
#include "bindings/python/net/errors.h"

PYBIND11_MODULE(_net, module) {
  using namespace synchrodb::python;
  module.doc() = "Clients of real servers; use synchrodb.Client and synchrodb.LocalCluster.";
  bind_net_errors(module);
  bind_database(module);
  bind_resp(module);
  bind_administration(module);
}
