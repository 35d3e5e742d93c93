#include "net/http/http_server.h"

#include <kj/compat/http.h>

#include <utility>

#include "engine/env/sync.h"
#include "net/log/log.h"
#include "net/loop/refusal.h"

namespace synchrodb::net {

class HttpServer::Service final : public kj::HttpService {
 public:
  explicit Service(HttpAnswers given)
      : answers(std::move(given)), table(kj::HttpHeaderTable::Builder().build()) {}

  kj::Promise<void> request(kj::HttpMethod method, kj::StringPtr url, const kj::HttpHeaders&,
                            kj::AsyncInputStream&, Response& response) override {
    if (method != kj::HttpMethod::GET && method != kj::HttpMethod::HEAD) {
      return answer(response, method, 405, "Method Not Allowed", "only GET is understood here\n");
    }
    if (url == "/metrics") return answer(response, method, 200, "OK", answers.metrics());
    if (url == "/healthz") return answer(response, method, 200, "OK", "ok\n");
    if (url == "/readyz") {
      const std::string why = answers.not_ready();
      return why.empty() ? answer(response, method, 200, "OK", "ready\n")
                         : answer(response, method, 503, "Service Unavailable", why + "\n");
    }
    return answer(response, method, 404, "Not Found", "there is /metrics, /healthz and /readyz\n");
  }

  HttpAnswers answers;
  kj::Own<kj::HttpHeaderTable> table;

 private:
  kj::Promise<void> answer(Response& response, kj::HttpMethod method, kj::uint status,
                           kj::StringPtr reason, std::string body) {
    kj::HttpHeaders headers(*table);
    headers.set(kj::HttpHeaderId::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    auto text = kj::heapString(body.data(), body.size());
    auto stream = response.send(status, reason, headers, body.size());
    if (method == kj::HttpMethod::HEAD) return kj::READY_NOW;
    auto written = stream->write(text.begin(), text.size());
    return written.attach(kj::mv(stream), kj::mv(text));
  }
};

HttpServer::HttpServer(Loop& loop, HttpAnswers answers)
    : service_(std::make_unique<Service>(std::move(answers))), loop_(loop) {}

HttpServer::~HttpServer() = default;

void HttpServer::serve(kj::Own<kj::ConnectionReceiver> listener) {
  kj::HttpServer server(loop_.timer(), *service_->table, *service_);
  while (true) {
    std::string failure;
    try {
      loop_.await(server.listenHttp(*listener));
    } catch (const kj::Exception& exception) {
      failure = words_of(exception);
    }
    log_event(LogLevel::kWarning, "http", "a connection was not accepted", {{"why", failure}});
    sleep_until(loop_, monotonic_now() + milliseconds(10));
  }
}

}  // namespace synchrodb::net
