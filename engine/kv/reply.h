// What a command answers: a RESP-like value, cheap to make and to move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb {

class Reply {
 public:
  enum class Kind : std::uint8_t {
    kNil = 0,       // no value: `$-1` in RESP2
    kNilArray = 1,  // no array: `*-1` in RESP2, the answer of an aborted EXEC
    kStatus = 2,    // a simple string such as OK
    kError = 3,     // text() starts with its code: "ERR ...", "WRONGTYPE ...", "SESSIONEXPIRED ..."
    kInteger = 4,
    kBulk = 5,   // a binary-safe string
    kArray = 6,  // elements()
    kDouble = 7,
    kMap = 8,        // elements(): key, value, key, value ...
    kBoolean = 9,    // number(): 0 or 1, which is what it is in RESP2
    kVerbatim = 10,  // a text for people, of RESP3's format "txt"; a bulk in RESP2
    kSet = 11,       // elements(), none twice, in no order; an array in RESP2
    kPush = 12,      // elements(): not the answer to a command; an array in RESP2
  };

  Reply() = default;  // nil

  static Reply nil() { return Reply(); }
  static Reply nil_array() { return Reply(Kind::kNilArray, std::monostate{}); }
  static Reply ok() { return status("OK"); }
  static Reply status(std::string text) { return Reply(Kind::kStatus, std::move(text)); }
  static Reply error(std::string text) { return Reply(Kind::kError, std::move(text)); }
  static Reply integer(std::int64_t value) { return Reply(Kind::kInteger, value); }
  static Reply bulk(std::string bytes) { return Reply(Kind::kBulk, std::move(bytes)); }
  static Reply real(double value) { return Reply(Kind::kDouble, value); }
  static Reply array(std::vector<Reply> elements) {
    return Reply(Kind::kArray, std::move(elements));
  }
  // An even number of elements: key, value, key, value ...
  static Reply map(std::vector<Reply> elements) { return Reply(Kind::kMap, std::move(elements)); }

  static Reply boolean(bool value) { return Reply(Kind::kBoolean, std::int64_t{value}); }
  static Reply verbatim(std::string text) { return Reply(Kind::kVerbatim, std::move(text)); }
  static Reply set(std::vector<Reply> elements) { return Reply(Kind::kSet, std::move(elements)); }
  static Reply push(std::vector<Reply> elements) { return Reply(Kind::kPush, std::move(elements)); }

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil || kind_ == Kind::kNilArray; }
  bool is_error() const { return kind_ == Kind::kError; }
  // True if this is the error with the given code, e.g. has_error_code("SESSIONEXPIRED").
  bool has_error_code(std::string_view code) const;

  // Status, error, bulk and verbatim only.
  const std::string& text() const&;
  std::string&& text() &&;
  // Integer and boolean only. (Named `number` because `integer` makes one.)
  std::int64_t number() const;
  double real_number() const;
  // Array, map, set and push only.
  const std::vector<Reply>& elements() const&;
  std::vector<Reply>&& elements() &&;

  bool operator==(const Reply&) const = default;

 private:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string, std::vector<Reply>>;
  template <class T>
  Reply(Kind kind, T value) : value_(std::move(value)), kind_(kind) {}

  Value value_;
  Kind kind_ = Kind::kNil;
};

// Appends a compact, self-delimiting form: snapshots keep cached replies in it, and the client API
// may carry replies in it.
void encode(const Reply& reply, std::string& out);
// The whole of `bytes` must be one reply. Hostile input is answered with kCorrupt: nesting and
// counts are bounded by kMaxReplyDepth and by the bytes that are there.
Result<Reply> decode_reply(std::string_view bytes);
inline constexpr int kMaxReplyDepth = 16;

// Of texts and bulks, those of elements included: what makes a reply large.
std::size_t bytes_of(const Reply& reply);

// As redis-cli prints it on a terminal; for tests and traces.
std::string to_string(const Reply& reply);

}  // namespace synchrodb
