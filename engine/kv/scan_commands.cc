// KEYS SCAN RANDOMKEY
#include <charconv>
#include <limits>

#include "consensus/hash.h"
#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "engine/kv/glob.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

constexpr std::size_t kDefaultCount = 10;

// As strtoul reads a number: an optional sign, then digits; a negative one wraps around.
std::optional<std::uint64_t> parse_cursor(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? ~value + 1 : value;
}

struct ScanOptions {
  std::string_view pattern = "*";
  std::size_t count = kDefaultCount;
  bool strings = true;  // TYPE names our only type, or none
};

// Null on success, else the error to answer with.
std::optional<Reply> parse_options(Args args, ScanOptions& options) {
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (i + 1 >= args.size()) return errors::syntax();
    const std::string_view value = args[i + 1];
    if (equals_ignoring_case(args[i], "count")) {
      const auto count = parse_integer(value);
      if (!count) return errors::not_integer();
      if (*count < 1) return errors::syntax();
      options.count = static_cast<std::size_t>(*count);
    } else if (equals_ignoring_case(args[i], "match")) {
      options.pattern = value;
    } else if (equals_ignoring_case(args[i], "type")) {
      options.strings = equals_ignoring_case(value, "string");
    } else {
      return errors::syntax();
    }
  }
  return std::nullopt;
}

bool matches(std::string_view pattern, std::string_view key) {
  return pattern == "*" || glob_match(pattern, key);
}

}  // namespace

Reply keys(const ReadContext& context, Args args) {
  std::vector<Reply> found;
  context.keys.for_each([&](const Record& record) {
    if (!context.expired(record) && matches(args[1], record.key)) {
      found.push_back(Reply::bulk(record.key));
    }
  });
  return Reply::array(std::move(found));
}

Reply scan(const ReadContext& context, Args args) {
  const auto cursor = parse_cursor(args[1]);
  if (!cursor) return Reply::error("ERR invalid cursor");
  ScanOptions options;
  if (auto error = parse_options(args.subspan(2), options)) return std::move(*error);
  std::vector<Reply> found;
  std::size_t visited = 0;
  const ScanCursor rest = context.keys.scan(ScanCursor{*cursor}, [&](const Record& record) {
    if (options.strings && !context.expired(record) && matches(options.pattern, record.key)) {
      found.push_back(Reply::bulk(record.key));
    }
    return ++visited < options.count;
  });
  std::vector<Reply> reply;
  reply.push_back(Reply::bulk(std::to_string(rest.value)));
  reply.push_back(Reply::array(std::move(found)));
  return Reply::array(std::move(reply));
}

// What a call may cost, however rare the range's keys are: the cursor goes on from there.
constexpr std::size_t kMostVisited = 10'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

Reply scan_range(const ReadContext& context, Args args) {
  const auto cursor = parse_cursor(args[1]);
  if (!cursor) return Reply::error("ERR invalid cursor");
  const std::string_view from = args[2];
  const std::string_view to = args[3];
  const auto count = parse_integer(args[4]);
  if (!count) return errors::not_integer();
  const bool keys_only = args.size() == 6 && equals_ignoring_case(args[5], "keysonly");
  if (*count < 1 || args.size() > 6 || (args.size() == 6 && !keys_only)) return errors::syntax();
  std::vector<Reply> found;  // key, value, version, expiry, key …
  std::size_t visited = 0;
  std::size_t matched = 0;
  std::size_t bytes = 0;
  const ScanCursor rest = context.keys.scan(ScanCursor{*cursor}, [&](const Record& record) {
    const bool inside = record.key >= from && (to.empty() || record.key < to);
    if (inside && !context.expired(record)) {
      found.push_back(Reply::bulk(record.key));
      found.push_back(keys_only ? Reply::nil() : Reply::bulk(record.value));
      found.push_back(Reply::integer(static_cast<std::int64_t>(record.version)));
      found.push_back(Reply::integer(record.expiry_ms));
      bytes += record.key.size() + (keys_only ? 0 : record.value.size());
      ++matched;
    }
    return ++visited < kMostVisited && matched < static_cast<std::size_t>(*count) &&
           bytes < kMostBytes;
  });
  std::vector<Reply> reply;
  reply.push_back(Reply::bulk(std::to_string(rest.value)));
  reply.push_back(Reply::array(std::move(found)));
  return Reply::array(std::move(reply));
}

// Uniform over the keys, but a function of the applied log: the same on every node, and the same
// until something is applied.
Reply randomkey(const ReadContext& context, Args) {
  const std::size_t size = context.keys.size();
  if (size == 0) return Reply::nil();
  std::uint64_t draw = context.entropy;
  for (int attempt = 0; attempt < 100; ++attempt) {
    draw = hash_mix(draw, static_cast<std::uint64_t>(attempt));
    const Record& record = context.keys.at_rank(static_cast<std::size_t>(draw % size));
    if (!context.expired(record)) return Reply::bulk(record.key);
  }
  // Nearly everything has expired and awaits removal: take the first key that has not.
  const Record* live = nullptr;
  context.keys.scan({}, [&](const Record& record) {
    if (live == nullptr && !context.expired(record)) live = &record;
    return live == nullptr;
  });
  return live != nullptr ? Reply::bulk(live->key) : Reply::nil();
}

}  // namespace synchrodb::commands
