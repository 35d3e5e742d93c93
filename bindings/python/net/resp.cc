// One RESP connection: a command out, its reply in.
#include "bindings/python/core/reply.h"
#include "bindings/python/net/bind.h"
#include "bindings/python/net/door.h"
#include "net/client/resp_client.h"

namespace synchrodb::python {
namespace {

using Connection = OnLoop<net::RespClient>;

class Resp {
 public:
  Resp(const std::string& node, py::object error_class, double patience, const TlsOptions& tls)
      : error_class_(std::move(error_class)), dialer_(make_dialer(tls, patience)) {
    const net::Destination destination = destinations_of({node}).front();
    LoopThread& loop = dialer_->loop();
    auto stream = call<kj::Own<net::RespClient>>(loop, [&] {
      return (*dialer_)->connect(destination).then([](kj::Own<kj::AsyncIoStream> open) {
        return kj::heap<net::RespClient>(kj::mv(open));
      });
    });
    connection_ = std::make_shared<Connection>(loop, kj::mv(stream));
  }

  py::object ask(const std::vector<std::string>& argv, double seconds) {
    // Whoever closes it meanwhile leaves it to this call.
    const std::shared_ptr<Connection> connection = connection_;
    if (connection == nullptr) {
      throw NetFailure({ErrorCode::kUnavailable, "the connection is closed"});
    }
    const Reply reply = call<Reply>(dialer_->loop(), [&] {
      return (*dialer_)->timer().timeoutAfter(duration_of(seconds), (*connection)->call(argv));
    });
    return from_reply(reply, error_class_);
  }

  void close() { connection_.reset(); }

 private:
  py::object error_class_;
  std::shared_ptr<OnLoop<net::Dialer>> dialer_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace

void bind_resp(py::module_& module) {
  py::class_<Resp>(module, "Resp", "A connection to the port of a node for Redis clients.")
      .def(py::init<const std::string&, py::object, double, const TlsOptions&>(), py::arg("node"),
           py::arg("error_class"), py::arg("patience"), py::arg("tls") = TlsOptions{})
      .def("call", &Resp::ask, py::arg("argv"), py::arg("seconds"),
           "The reply, an `error_class` where that is an error. An exception: nobody knows whether "
           "the command was executed, and the connection is of no use any more.")
      .def("close", &Resp::close);
}

}  // namespace synchrodb::python
