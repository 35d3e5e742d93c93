#include "engine/kv/reply.h"

#include <cstdio>

#include "consensus/assert.h"
#include "engine/kv/codec.h"

namespace synchrodb {

bool Reply::has_error_code(std::string_view code) const {
  if (!is_error()) return false;
  const std::string_view all = text();
  return all.substr(0, code.size()) == code &&
         (all.size() == code.size() || all[code.size()] == ' ');
}

const std::string& Reply::text() const& {
  const auto* value = std::get_if<std::string>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply carries no text");
  return *value;
}

std::string&& Reply::text() && {
  auto* value = std::get_if<std::string>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply carries no text");
  return std::move(*value);
}

std::int64_t Reply::number() const {
  const auto* value = std::get_if<std::int64_t>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply is not an integer");
  return *value;
}

double Reply::real_number() const {
  const auto* value = std::get_if<double>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply is not a double");
  return *value;
}

const std::vector<Reply>& Reply::elements() const& {
  const auto* value = std::get_if<std::vector<Reply>>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply has no elements");
  return *value;
}

std::vector<Reply>&& Reply::elements() && {
  auto* value = std::get_if<std::vector<Reply>>(&value_);
  SYNCHRODB_ASSERT(value != nullptr, "this reply has no elements");
  return std::move(*value);
}

std::size_t bytes_of(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::kStatus:
    case Reply::Kind::kError:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim:
      return reply.text().size();
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      std::size_t bytes = 0;
      for (const Reply& element : reply.elements()) bytes += bytes_of(element);
      return bytes;
    }
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
    case Reply::Kind::kInteger:
    case Reply::Kind::kDouble:
    case Reply::Kind::kBoolean:
      return 0;
  }
  return 0;
}

void encode(const Reply& reply, std::string& out) {
  out.push_back(static_cast<char>(reply.kind()));
  switch (reply.kind()) {
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
      return;
    case Reply::Kind::kStatus:
    case Reply::Kind::kError:
    case Reply::Kind::kBulk:
    case Reply::Kind::kVerbatim:
      return put_string(reply.text(), out);
    case Reply::Kind::kInteger:
      return put_signed(reply.number(), out);
    case Reply::Kind::kBoolean:
      return out.push_back(static_cast<char>(reply.number()));
    case Reply::Kind::kDouble:
      return put_fixed64(std::bit_cast<std::uint64_t>(reply.real_number()), out);
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush:
      put_varint(reply.elements().size(), out);
      for (const Reply& element : reply.elements()) encode(element, out);
      return;
  }
}

namespace {

Reply make_aggregate(Reply::Kind kind, std::vector<Reply> elements) {
  switch (kind) {
    case Reply::Kind::kMap:
      return Reply::map(std::move(elements));
    case Reply::Kind::kSet:
      return Reply::set(std::move(elements));
    case Reply::Kind::kPush:
      return Reply::push(std::move(elements));
    default:
      return Reply::array(std::move(elements));
  }
}

Reply read_reply(ByteReader& in, int depth) {
  const auto kind = static_cast<Reply::Kind>(in.byte());
  switch (kind) {
    case Reply::Kind::kNil:
      return Reply::nil();
    case Reply::Kind::kNilArray:
      return Reply::nil_array();
    case Reply::Kind::kStatus:
      return Reply::status(std::string(in.string()));
    case Reply::Kind::kError:
      return Reply::error(std::string(in.string()));
    case Reply::Kind::kBulk:
      return Reply::bulk(std::string(in.string()));
    case Reply::Kind::kVerbatim:
      return Reply::verbatim(std::string(in.string()));
    case Reply::Kind::kInteger:
      return Reply::integer(in.signed_varint());
    case Reply::Kind::kBoolean: {
      const std::uint8_t value = in.byte();
      if (value > 1) break;
      return Reply::boolean(value == 1);
    }
    case Reply::Kind::kDouble:
      return Reply::real(std::bit_cast<double>(in.fixed64()));
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      const std::size_t count = in.count();
      if (depth == 0 || (kind == Reply::Kind::kMap && count % 2 != 0)) break;
      // No reserve: a byte of input must not buy a whole element of memory before it is read.
      std::vector<Reply> elements;
      for (std::size_t i = 0; i < count && in.ok(); ++i) {
        elements.push_back(read_reply(in, depth - 1));
      }
      return make_aggregate(kind, std::move(elements));
    }
  }
  in.fail();
  return Reply::nil();
}

void append_quoted(std::string_view bytes, std::string& out) {
  out.push_back('"');
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (u < 0x20 || u >= 0x7f) {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", u);
      out.append(hex);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_text(const Reply& reply, const std::string& indent, std::string& out) {
  switch (reply.kind()) {
    case Reply::Kind::kNil:
    case Reply::Kind::kNilArray:
      out.append("(nil)");
      return;
    case Reply::Kind::kStatus:
    case Reply::Kind::kVerbatim:
      out.append(reply.text());
      return;
    case Reply::Kind::kError:
      out.append("(error) ").append(reply.text());
      return;
    case Reply::Kind::kBulk:
      return append_quoted(reply.text(), out);
    case Reply::Kind::kInteger:
      out.append("(integer) ").append(std::to_string(reply.number()));
      return;
    case Reply::Kind::kBoolean:
      out.append(reply.number() != 0 ? "(true)" : "(false)");
      return;
    case Reply::Kind::kDouble: {
      char text[40];
      std::snprintf(text, sizeof text, "(double) %.17g", reply.real_number());
      out.append(text);
      return;
    }
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      const std::vector<Reply>& elements = reply.elements();
      if (elements.empty()) out.append("(empty array)");
      for (std::size_t i = 0; i < elements.size(); ++i) {
        if (i > 0) out.append("\n").append(indent);
        const std::string number = std::to_string(i + 1) + ") ";
        out.append(number);
        append_text(elements[i], indent + std::string(number.size(), ' '), out);
      }
      return;
    }
  }
}

}  // namespace

Result<Reply> decode_reply(std::string_view bytes) {
  ByteReader in(bytes);
  Reply reply = read_reply(in, kMaxReplyDepth);
  if (!in.ok() || !in.at_end()) return Error{ErrorCode::kCorrupt, "malformed reply"};
  return reply;
}

std::string to_string(const Reply& reply) {
  std::string out;
  append_text(reply, "", out);
  return out;
}

}  // namespace synchrodb
