// A client's bytes to commands. The first byte chooses the limits, the second where reads end.
#include "net/resp/parser.h"
#include "tests/fuzz/support/target.h"
#include "tests/net/support/commands.h"

namespace synchrodb::fuzz {
namespace {

using net::RequestLimits;
using net::testing::Parsed;

RequestLimits small_limits() {
  RequestLimits limits;
  limits.line_bytes = 32;
  limits.bulk_bytes = 64;
  limits.elements = 8;
  limits.request_bytes = 128;
  return limits;
}

std::vector<std::size_t> cuts_every(std::size_t step, std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = step; at < size; at += step) cuts.push_back(at);
  return cuts;
}

void run(std::string_view bytes) {
  const RequestLimits limits = take_byte(bytes) % 2 == 0 ? RequestLimits{} : small_limits();
  const std::size_t step = 1 + take_byte(bytes) % 40;
  const Parsed whole = net::testing::parse(bytes, limits);
  const Parsed pieces =
      net::testing::parse_in_pieces(bytes, cuts_every(step, bytes.size()), limits);
  SYNCHRODB_ASSERT(whole == pieces, "the way bytes arrive makes a difference");
  for (const net::testing::Argv& argv : whole.commands) {
    const Parsed again = net::testing::parse(net::testing::multibulk(argv));
    SYNCHRODB_ASSERT(again == (Parsed{{argv}, "", 0}), "a command does not survive");
  }
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
