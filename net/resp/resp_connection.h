// One connection of a Redis client. Private to net/resp/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session/connection.h"
#include "net/resp/client_stream.h"
#include "net/resp/parser.h"
#include "net/resp/printer.h"
#include "net/resp/resp_server.h"
#include "net/resp/socket_names.h"

namespace synchrodb::net {

// Made and destroyed by its own fiber.
class RespConnection {
 public:
  // `names`: of the socket's two ends. `tls`: what the stream goes through.
  RespConnection(RespServer& server, std::unique_ptr<ClientStream> stream, SocketNames names,
                 bool tls, std::uint64_t id);
  ~RespConnection();
  RespConnection(const RespConnection&) = delete;
  RespConnection& operator=(const RespConnection&) = delete;

  // Until the client leaves, or must. Ends by cancellation, too.
  void run();

  ClientState& client() { return client_; }
  Fiber* fiber() const { return fiber_; }
  bool busy() const { return busy_ || !stream_->drained(); }

 private:
  // How the reply to a command is to be sent, if it is.
  struct Manner {
    bool sent;
    RespVersion version;
  };

  // When the client has been idle for too long, if nothing happens until then.
  Instant idle_deadline() const;
  std::size_t receive();
  void serve_what_came();
  void handle(const std::span<const std::string_view>& words);
  void close_http();
  void execute(std::vector<std::string> argv);
  void execute_data(std::vector<std::string> argv);
  void wait_while_paused(const std::vector<std::string>& argv);
  void note_manner();
  void print_replies();
  bool over_output_limit(const Reply& reply);
  void send();
  std::size_t send_some(std::string_view bytes);
  void post();
  bool must_close() const;

  RespServer& server_;
  std::unique_ptr<ClientStream> stream_;
  Fiber* fiber_;
  ClientState client_;
  RequestParser parser_;
  Connection connection_;
  std::vector<Manner> manners_;
  std::string output_;
  bool busy_ = false;
};

}  // namespace synchrodb::net
