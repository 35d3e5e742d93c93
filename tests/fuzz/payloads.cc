// What entries carry, and the compact forms within: requests, replies, configurations. The first
// byte chooses. Each has one encoding: whatever is accepted encodes to the bytes it came from.
#include <string>

#include "consensus/configuration.h"
#include "consensus/entry.h"
#include "engine/kv/command.h"
#include "engine/kv/reply.h"
#include "engine/kv/state_machine.h"
#include "tests/fuzz/support/commands.h"
#include "tests/fuzz/support/target.h"

namespace synchrodb::fuzz {
namespace {

void check_request(std::string_view bytes) {
  const Result<Request> request = decode(bytes);
  if (request) SYNCHRODB_ASSERT(encode(request.value()) == bytes, "a request with two encodings");
  if (request) {
    for (const auto& argv : request.value().commands) {
      if (claims_much_memory(argv)) return;
    }
  }
  // Whoever writes to the log may write anything.
  StateMachine machine;
  for (std::uint64_t index = 1; index <= 2; ++index) {
    const EntryRef entry =
        make_entry(Term{1}, Index{index}, EntryKind::kCommand, {}, std::string(bytes));
    const Reply reply = machine.apply(*entry);
    const bool malformed = reply == Reply::error("ERR malformed log entry");
    SYNCHRODB_ASSERT(malformed != request.ok(), "apply() and decode() disagree");
  }
}

void check_reply(std::string_view bytes) {
  const Result<Reply> reply = decode_reply(bytes);
  if (!reply) return;
  std::string again;
  encode(reply.value(), again);
  SYNCHRODB_ASSERT(again == bytes, "a reply with two encodings");
  SYNCHRODB_ASSERT(!to_string(reply.value()).empty() || reply.value().text().empty(),
                   "a reply that cannot be shown");
}

void check_configuration(std::string_view bytes) {
  const std::optional<Configuration> configuration = decode_configuration(bytes);
  if (!configuration) return;
  SYNCHRODB_ASSERT(is_valid(*configuration), "an invalid configuration was accepted");
  SYNCHRODB_ASSERT(encode_configuration(*configuration) == bytes,
                   "a configuration with two encodings");
}

void run(std::string_view input) {
  switch (take_byte(input) % 3) {
    case 0:
      return check_request(input);
    case 1:
      return check_reply(input);
    default:
      return check_configuration(input);
  }
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
