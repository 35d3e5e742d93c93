#include "net/config/output_limit.h"

#include "engine/kv/ascii.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kWordsOfAClass = 4;

bool is_class(std::string_view word) {
  for (const std::string_view name : {"normal", "slave", "replica", "pubsub"}) {
    if (equals_ignoring_case(word, name)) return true;
  }
  return false;
}

Error invalid(const char* why) {
  return {ErrorCode::kInvalid, why};
}

}  // namespace

Result<OptionValue> parse_output_limit(const ValueDomain& domain, std::string_view text,
                                       const ServerOptions& options) {
  if (text.size() > kMaxTextBytes || text.find(' ') == std::string_view::npos) {
    return parse_value(domain, text);
  }
  const std::vector<std::string> words = split_list(text);
  if (words.empty() || words.size() % kWordsOfAClass != 0) {
    return invalid("Wrong number of arguments in buffer limit configuration.");
  }
  std::int64_t limit = options.limits.client_output_buffer_limit_bytes;
  for (std::size_t i = 0; i < words.size(); i += kWordsOfAClass) {
    if (!is_class(words[i])) {
      return invalid("Invalid client class specified in buffer limit configuration.");
    }
    const auto hard = parse_memory(words[i + 1]);
    if (!hard || !parse_memory(words[i + 2]) || !parse_memory(words[i + 3])) {
      return invalid("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    if (equals_ignoring_case(words[i], "normal")) limit = *hard;
  }
  return OptionValue(limit);
}

}  // namespace synchrodb::net
