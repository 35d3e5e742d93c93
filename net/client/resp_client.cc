#include "net/client/resp_client.h"

#include <kj/debug.h>
#include <sys/socket.h>

#include <cerrno>

namespace synchrodb::net {

std::string encode_command(const std::vector<std::string>& argv) {
  std::string out = "*" + std::to_string(argv.size()) + "\r\n";
  for (const std::string& word : argv) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  return out;
}

kj::Promise<Reply> RespClient::call(const std::vector<std::string>& argv) {
  request_ = encode_command(argv);
  return stream_->write(request_.data(), request_.size()).then([this] { return receive(); });
}

kj::Promise<Reply> RespClient::receive() {
  while (true) {
    Reply reply;
    switch (parser_.next(reply)) {
      case ReplyParser::Outcome::kReply:
        if (reply.kind() == Reply::Kind::kPush) continue;
        return kj::mv(reply);
      case ReplyParser::Outcome::kError:
        return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                             kj::str(parser_.error().c_str()));
      case ReplyParser::Outcome::kNeedMore: {
        const auto space = parser_.writable();
        return stream_->tryRead(space.data(), 1, space.size())
            .then([this](std::size_t got) -> kj::Promise<Reply> {
              if (got == 0) return KJ_EXCEPTION(DISCONNECTED, "the server closed the connection");
              parser_.commit(got);
              return receive();
            });
      }
    }
  }
}

bool RespClient::open() const {
  KJ_IF_MAYBE (fd, stream_->getFd()) {
    char byte;
    const ssize_t got = ::recv(*fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  }
  return true;  // TLS: there is no telling
}

}  // namespace synchrodb::net
