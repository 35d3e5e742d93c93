// A server's bytes to replies. The first byte says where reads end.
#include <algorithm>
#include <string>
#include <vector>

#include "net/resp/printer.h"
#include "net/resp/reply_parser.h"
#include "tests/fuzz/support/target.h"

namespace synchrodb::fuzz {
namespace {

using net::ReplyParser;

// Replies as they are printed: a NaN equals itself that way.
struct Read {
  std::vector<std::string> replies;
  std::string error;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view bytes, std::size_t step) {
  ReplyParser parser;
  Read result;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    parser.feed(piece);
    Reply reply;
    ReplyParser::Outcome outcome;
    while ((outcome = parser.next(reply)) == ReplyParser::Outcome::kReply) {
      net::print(reply, net::RespVersion::k3, result.replies.emplace_back());
    }
    result.error = parser.error();
  }
  return result;
}

void run(std::string_view bytes) {
  const std::size_t step = 1 + take_byte(bytes) % 40;
  const Read whole = read(bytes, bytes.size());
  SYNCHRODB_ASSERT(whole == read(bytes, step), "the way bytes arrive makes a difference");
  std::string printed;
  for (const std::string& reply : whole.replies) printed += reply;
  SYNCHRODB_ASSERT(printed.empty() || read(printed, printed.size()) == (Read{whole.replies, ""}),
                   "a reply does not survive");
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
