// The plain HTTP port: /metrics for Prometheus, /healthz and /readyz for whoever supervises.
#pragma once

#include <kj/async-io.h>

#include <functional>
#include <memory>
#include <string>

#include "net/loop/loop.h"

namespace synchrodb::net {

struct HttpAnswers {
  std::function<std::string()> metrics;  // Prometheus' text format
  // Empty: ready to serve. Otherwise why not, in a line.
  std::function<std::string()> not_ready;
};

class HttpServer {
 public:
  HttpServer(Loop& loop, HttpAnswers answers);
  ~HttpServer();

  // Serves one listener until the fiber is cancelled. Parks for ever.
  void serve(kj::Own<kj::ConnectionReceiver> listener);

 private:
  class Service;
  std::unique_ptr<Service> service_;
  Loop& loop_;
};

}  // namespace synchrodb::net
