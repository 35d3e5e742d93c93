// What clients send, through a session and the state machine, as a node does it: every write
// becomes an encoded request in an entry, applied by two replicas. The input is what a client would
// type (net/resp/), so that seeds can be read; `~ MS` lets time pass.
#include <memory>
#include <string>
#include <vector>

#include "consensus/entry.h"
#include "engine/kv/numbers.h"
#include "engine/kv/state_machine.h"
#include "engine/session/session.h"
#include "net/resp/parser.h"
#include "net/resp/printer.h"
#include "net/resp/reply_parser.h"
#include "tests/fuzz/support/commands.h"
#include "tests/fuzz/support/target.h"

namespace synchrodb::fuzz {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

void check_reply(const Reply& reply) {
  std::string bytes;
  encode(reply, bytes);
  const Result<Reply> decoded = decode_reply(bytes);
  SYNCHRODB_ASSERT(decoded.ok() && decoded.value() == reply, "a reply does not survive encoding");
  for (const net::RespVersion version : {net::RespVersion::k2, net::RespVersion::k3}) {
    std::string printed, again;
    net::print(reply, version, printed);
    net::ReplyParser parser;
    parser.feed(printed);
    Reply parsed, none;
    SYNCHRODB_ASSERT(parser.next(parsed) == net::ReplyParser::Outcome::kReply &&
                         parser.next(none) == net::ReplyParser::Outcome::kNeedMore,
                     "a reply is printed as something else than one");
    net::print(parsed, version, again);
    SYNCHRODB_ASSERT(printed == again, "a reply does not survive printing");
  }
}

class Group {
 public:
  void serve(std::vector<std::string> argv) {
    if (argv[0] == "~") return pass_time(argv);
    Step step = session_.handle(std::move(argv));
    if (const auto* reply = std::get_if<Reply>(&step)) return check_reply(*reply);
    if (const auto* read = std::get_if<ReadStep>(&step)) return check_reply(this->read(read->argv));
    if (const auto* watch = std::get_if<WatchStep>(&step)) {
      return check_reply(session_.finish_watch(*watch, read(watch->argv)));
    }
    write(std::get<WriteStep>(step).request);
  }

  // A replica that starts from a snapshot is like the others.
  void check_snapshot() const {
    std::string bytes, again;
    leader_.serialize(bytes);
    StateMachine restored;
    SYNCHRODB_ASSERT(restored.restore(bytes).ok(), "a snapshot does not restore");
    SYNCHRODB_ASSERT(restored.digest() == leader_.digest(), "a snapshot restores to another state");
    restored.serialize(again);
    SYNCHRODB_ASSERT(again == bytes, "a snapshot of a snapshot differs");
  }

 private:
  Reply read(const std::vector<std::string>& argv) {
    const std::uint64_t before = leader_.digest();
    Reply reply = leader_.read(argv);
    SYNCHRODB_ASSERT(leader_.digest() == before, "a read changed something");
    return reply;
  }

  void write(const Request& request) {
    std::string payload = encode(request);
    const Result<Request> decoded = decode(payload);
    SYNCHRODB_ASSERT(decoded.ok() && decoded.value() == request, "a request does not survive");
    apply(std::move(payload));
  }

  void pass_time(const std::vector<std::string>& argv) {
    const std::optional<std::int64_t> ms = argv.size() > 1 ? parse_integer(argv[1]) : std::nullopt;
    // Backwards too: clocks do that.
    if (ms && *ms > -1'000'000'000 && *ms < 1'000'000'000) now_ms_ += *ms;
    Request stamp;
    stamp.kind = RequestKind::kStamp;
    write(stamp);
  }

  void apply(std::string payload) {
    const WallTime now{now_ms_ * kMillisecond};
    const EntryRef entry = make_entry(Term{1}, leader_.applied().next(), EntryKind::kCommand,
                                      WallInterval{now, now, true}, std::move(payload));
    const Reply reply = leader_.apply(*entry);
    SYNCHRODB_ASSERT(follower_.apply(*entry) == reply, "replicas answer differently");
    SYNCHRODB_ASSERT(follower_.digest() == leader_.digest(), "replicas differ");
    check_reply(reply);
  }

  Session session_;
  StateMachine leader_;
  StateMachine follower_;
  std::int64_t now_ms_ = 1'700'000'000'000;
};

void run(std::string_view bytes) {
  net::RequestParser parser;
  parser.feed(bytes);
  Group group;
  while (parser.next() == net::RequestParser::Outcome::kCommand) {
    std::vector<std::string> argv(parser.argv().begin(), parser.argv().end());
    if (!claims_much_memory(argv)) group.serve(std::move(argv));
  }
  group.check_snapshot();
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
