#include "net/resp/reply_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/kv/numbers.h"

namespace synchrodb::net {
namespace {

constexpr char kAttribute = '|';

bool has_pairs(char type) {
  return type == '%' || type == kAttribute;
}

Reply make_aggregate(char type, std::vector<Reply> elements) {
  switch (type) {
    case '%':
      return Reply::map(std::move(elements));
    case '~':
      return Reply::set(std::move(elements));
    case '>':
      return Reply::push(std::move(elements));
    default:
      return Reply::array(std::move(elements));
  }
}

bool is_big_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// One byte of the other side's, for an error message.
std::string shown(char c) {
  if (c >= ' ' && c <= '~') return std::string("'") + c + "'";
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("byte 0x") + kDigits[byte >> 4] + kDigits[byte & 15];
}

}  // namespace

ReplyParser::Outcome ReplyParser::next(Reply& reply) {
  if (!error_.empty()) return Outcome::kError;
  for (;;) {
    Reply value;
    switch (body_ ? read_body(value) : read_item(value)) {
      case Progress::kNeedMore:
        return Outcome::kNeedMore;
      case Progress::kError:
        return Outcome::kError;
      case Progress::kOpened:
        break;
      case Progress::kValue:
        if (!place(value)) break;
        elements_ = bytes_ = 0;
        reply = std::move(value);
        return Outcome::kReply;
    }
  }
}

ReplyParser::Progress ReplyParser::read_item(Reply& value) {
  const std::string_view bytes = buffer_.pending();
  const std::size_t end = bytes.substr(0, limits_.line_bytes + 2).find('\n', searched_);
  if (end == std::string_view::npos) {
    if (bytes.size() >= limits_.line_bytes + 2) return fail("a line is too long");
    searched_ = bytes.size();
    return Progress::kNeedMore;
  }
  searched_ = 0;
  if (end < 2 || bytes[end - 1] != '\r') return fail("a line does not end in \\r\\n");
  return consume(end + 1, read_line_item(bytes.substr(0, end - 1), value));
}

ReplyParser::Progress ReplyParser::read_line_item(std::string_view line, Reply& value) {
  const std::string_view text = line.substr(1);
  switch (line.front()) {
    case '+':
      value = Reply::status(std::string(text));
      return Progress::kValue;
    case '-':
      value = Reply::error(std::string(text));
      return Progress::kValue;
    case ':': {
      const std::optional<std::int64_t> number = parse_integer(text);
      if (!number) return fail("invalid integer");
      value = Reply::integer(*number);
      return Progress::kValue;
    }
    case '#':
      if (text != "t" && text != "f") return fail("invalid boolean");
      value = Reply::boolean(text == "t");
      return Progress::kValue;
    case '_':
      if (!text.empty()) return fail("invalid nil");
      return Progress::kValue;
    case ',':
      return read_double(text, value);
    case '(':
      if (!is_big_number(text)) return fail("invalid big number");
      value = Reply::bulk(std::string(text));
      return Progress::kValue;
    case '$':
    case '=':
    case '!':
      return open_body(line.front(), text, value);
    case '*':
    case '%':
    case '~':
    case '>':
    case kAttribute:
      return open_aggregate(line.front(), text, value);
    default:
      return fail("a reply cannot start with " + shown(line.front()));
  }
}

ReplyParser::Progress ReplyParser::read_double(std::string_view text, Reply& value) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return fail("invalid double");
  value = Reply::real(number);
  return Progress::kValue;
}

ReplyParser::Progress ReplyParser::open_body(char type, std::string_view length, Reply& value) {
  if (type == '$' && length == "-1") {
    value = Reply::nil();
    return Progress::kValue;
  }
  const std::optional<std::int64_t> bytes = parse_integer(length);
  if (!bytes || *bytes < 0) return fail("invalid bulk length");
  if (static_cast<std::uint64_t>(*bytes) > limits_.reply_bytes - bytes_) {
    return fail("too many bytes");
  }
  // "txt:" or another format of three letters.
  if (type == '=' && *bytes < 4) return fail("invalid verbatim string");
  body_ = Body{type, static_cast<std::uint64_t>(*bytes)};
  return Progress::kOpened;
}

ReplyParser::Progress ReplyParser::open_aggregate(char type, std::string_view count, Reply& value) {
  if (type == '*' && count == "-1") {
    value = Reply::nil_array();
    return Progress::kValue;
  }
  const std::optional<std::int64_t> announced = parse_integer(count);
  if (!announced || *announced < 0) return fail("invalid number of elements");
  auto elements = static_cast<std::uint64_t>(*announced);
  if (elements > limits_.elements) return fail("too many elements");
  if (has_pairs(type)) elements *= 2;
  elements_ += elements;
  if (elements_ > limits_.elements) return fail("too many elements");
  if (open_.size() >= static_cast<std::size_t>(limits_.depth)) return fail("nested too deep");
  if (elements > 0) {
    open_.push_back({type, elements, {}});
    return Progress::kOpened;
  }
  if (type == kAttribute) return Progress::kOpened;
  value = make_aggregate(type, {});
  return Progress::kValue;
}

ReplyParser::Progress ReplyParser::read_body(Reply& value) {
  const std::string_view bytes = buffer_.pending();
  const auto size = static_cast<std::size_t>(body_->bytes);
  if (bytes.size() < size + 2) return Progress::kNeedMore;
  if (bytes.substr(size, 2) != "\r\n") return fail("a bulk does not end in \\r\\n");
  std::string text(bytes.substr(0, size));
  switch (body_->type) {
    case '=':
      if (text[3] != ':') return fail("invalid verbatim string");
      value = Reply::verbatim(text.substr(4));
      break;
    case '!':
      value = Reply::error(std::move(text));
      break;
    default:
      value = Reply::bulk(std::move(text));
  }
  body_.reset();
  return consume(size + 2, Progress::kValue);
}

bool ReplyParser::place(Reply& value) {
  while (!open_.empty()) {
    Open& top = open_.back();
    // No reserve: memory follows the elements that arrive.
    top.elements.push_back(std::move(value));
    if (--top.left > 0) return false;
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (closed.type == kAttribute) return false;  // what it is about comes next
    value = make_aggregate(closed.type, std::move(closed.elements));
  }
  return true;
}

ReplyParser::Progress ReplyParser::consume(std::size_t bytes, Progress progress) {
  if (progress == Progress::kError) return progress;
  buffer_.consume(bytes);
  bytes_ += bytes;
  return bytes_ > limits_.reply_bytes ? fail("too many bytes") : progress;
}

ReplyParser::Progress ReplyParser::fail(std::string what) {
  error_ = "malformed reply: " + std::move(what);
  return Progress::kError;
}

}  // namespace synchrodb::net
