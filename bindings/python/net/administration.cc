// What operators ask of a node, and the faults that they order.
#include "net/client/administration.h"

#include "bindings/python/net/bind.h"
#include "bindings/python/net/door.h"

namespace synchrodb::python {
namespace {

namespace admin = net::administration;
using Connection = OnLoop<admin::Client>;

py::dict dict_of(const admin::GroupStatus& group) {
  py::dict said;
  said["group"] = group.group;
  said["role"] = group.role;
  said["term"] = group.term;
  said["leader"] = group.leader;
  said["commit"] = group.commit;
  said["applied"] = group.applied;
  said["first_index"] = group.first_index;
  said["last_index"] = group.last_index;
  said["durable_index"] = group.durable_index;
  said["snapshot_index"] = group.snapshot_index;
  said["keys"] = group.keys;
  said["memory_bytes"] = group.memory_bytes;
  said["log_bytes"] = group.log_bytes;
  said["recovering"] = group.recovering;
  return said;
}

py::dict dict_of(const admin::Member& member) {
  py::dict said;
  said["node"] = member.node;
  said["role"] = member.role;
  said["leader"] = member.leader;
  said["rpc"] = member.rpc;
  said["resp"] = member.resp;
  said["connected"] = member.connected;
  said["match_index"] = member.match_index;
  said["last_heard_ms"] = member.last_heard_ms;
  return said;
}

// Every call connects anew: operators call seldom, and nodes come and go.
class Administration {
 public:
  Administration(const std::string& node, std::string password, double seconds,
                 const TlsOptions& tls)
      : destination_(destinations_of({node}).front()),
        password_(std::move(password)),
        seconds_(seconds),
        dialer_(make_dialer(tls, seconds)) {}

  py::dict status() {
    const auto told = ask<admin::NodeStatus>([](admin::Client& node) { return node.status(); });
    py::dict said = told.groups.empty() ? py::dict() : dict_of(told.groups.front());
    said["node"] = told.node;
    said["version"] = told.version;
    said["uptime_seconds"] = told.uptime_seconds;
    return said;
  }

  py::list members() {
    py::list all;
    const auto told =
        ask<std::vector<admin::Member>>([](admin::Client& node) { return node.members(); });
    for (const admin::Member& member : told) all.append(dict_of(member));
    return all;
  }

  void add(std::uint64_t id, const std::string& rpc, bool learner) {
    const auto patience = static_cast<std::int64_t>(seconds_ * 1e3) * kj::MILLISECONDS;
    ask<bool>([&](admin::Client& node) { return node.add(id, rpc, learner, patience); });
  }
  void remove(std::uint64_t id) {
    order([id](admin::Client& node) { return node.remove(id); });
  }
  std::uint64_t transfer_leader(std::uint64_t target) {
    return ask<std::uint64_t>(
        [target](admin::Client& node) { return node.transfer_leader(target); });
  }
  std::uint64_t take_snapshot() {
    return ask<std::uint64_t>([](admin::Client& node) { return node.take_snapshot(); });
  }
  void set_link(std::uint64_t peer, bool drop, std::uint32_t delay_ms, std::uint32_t loss_ppm) {
    order([&](admin::Client& node) { return node.set_link(peer, {drop, delay_ms, loss_ppm}); });
  }
  void set_clock_offset(std::int64_t wall_ns) {
    order([wall_ns](admin::Client& node) { return node.set_clock_offset(wall_ns); });
  }
  void set_disk(std::uint32_t sync_delay_ms, bool full, bool fail_syncs, bool lie) {
    order([&](admin::Client& node) {
      return node.set_disk({sync_delay_ms, full, fail_syncs, lie});
    });
  }
  void lose_power() {
    order([](admin::Client& node) { return node.lose_power(); });
  }

 private:
  template <class T, class Ask>
  T ask(Ask question) {
    return call<T>(dialer_->loop(), [&] {
      auto answer = admin::Client::connect(**dialer_, destination_, password_)
                        .then([&question](kj::Own<admin::Client> node) {
                          auto promise = question(*node);
                          return promise.attach(kj::mv(node));
                        });
      return (*dialer_)->timer().timeoutAfter(duration_of(seconds_), kj::mv(answer));
    });
  }
  template <class Order>
  void order(Order what) {
    ask<Unit>([&what](admin::Client& node) { return what(node).then([] { return Unit{}; }); });
  }

  net::Destination destination_;
  std::string password_;
  double seconds_;
  std::shared_ptr<OnLoop<net::Dialer>> dialer_;
};

}  // namespace

void bind_administration(py::module_& module) {
  py::class_<Administration>(module, "Administration", "A node's RPC port, for operators.")
      .def(py::init<const std::string&, std::string, double, const TlsOptions&>(), py::arg("node"),
           py::arg("password"), py::arg("seconds"), py::arg("tls") = TlsOptions{})
      .def("status", &Administration::status)
      .def("members", &Administration::members)
      .def("add", &Administration::add, py::arg("node"), py::arg("rpc"), py::arg("learner"))
      .def("remove", &Administration::remove, py::arg("node"))
      .def("transfer_leader", &Administration::transfer_leader, py::arg("target"))
      .def("take_snapshot", &Administration::take_snapshot)
      .def("set_link", &Administration::set_link, py::arg("peer"), py::arg("drop"),
           py::arg("delay_ms"), py::arg("loss_ppm"))
      .def("set_clock_offset", &Administration::set_clock_offset, py::arg("wall_ns"))
      .def("set_disk", &Administration::set_disk, py::arg("sync_delay_ms"), py::arg("full"),
           py::arg("fail_syncs"), py::arg("lie"))
      .def("lose_power", &Administration::lose_power);
}

}  // namespace synchrodb::python
