// Inside a frame: building and reading one Cap'n Proto message. Private to engine/wire/.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "consensus/types.h"
#include "engine/env/result.h"
#include "engine/wire/frame.h"

namespace synchrodb::wire {

inline std::size_t words_for(std::size_t bytes) {
  return (bytes + 7) / 8;
}

inline capnp::Data::Reader as_data(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

inline std::string as_string(capnp::Data::Reader data) {
  return std::string(reinterpret_cast<const char*>(data.begin()), data.size());
}

// Whether a message of so many words, its segment table apart, can be sealed in a frame.
inline bool words_fit_frame(std::size_t words) {
  return words < (kMaxFrameBytes - kFrameHeaderBytes) / sizeof(capnp::word);
}

// Builds the message in the frame that it will leave in, so that a payload is copied only once.
class FrameBuilder final : public capnp::MessageBuilder {
 public:
  // `words`: an upper bound of the message's size without its segment table.
  explicit FrameBuilder(std::size_t words);

  kj::ArrayPtr<capnp::word> allocateSegment(unsigned minimum_words) override;
  // The sealed frame. The builder is spent.
  std::string finish(FrameKind kind);

 private:
  std::string frame_;
  bool allocated_ = false;
};

// Collects the first thing that is wrong with a message. Reading goes on with the values at hand,
// so that the reading code stays straight; loops ask ok().
class FieldCheck {
 public:
  // `message` begins each error's text.
  explicit FieldCheck(const char* message) : message_(message) {}

  bool ok() const { return ok_; }
  const Error& error() const { return error_; }

  // The fields checked from here on belong to element `index` of `list`; null: to no list.
  void enter(const char* list, std::size_t index = 0) {
    list_ = list;
    index_ = index;
  }

  void require(bool holds, const char* field, const char* meaning) {
    if (!holds) fail(ErrorCode::kInvalid, field, meaning);
  }
  // For a variant or enumerator of a newer schema.
  void unknown(const char* field, std::uint64_t value);

  Term term(std::uint64_t value, const char* field) { return {bounded(value, field)}; }
  Index index(std::uint64_t value, const char* field) { return {bounded(value, field)}; }
  // Anything that is counted up: a round, an offset.
  std::uint64_t counter(std::uint64_t value, const char* field) { return bounded(value, field); }
  NodeId node(std::uint64_t value, const char* field) {
    require(value != 0, field, "0 is no node");
    return {value};
  }
  WallTime wall(std::int64_t ns, const char* field) {
    require(ns > -kBound && ns < kBound, field, "not within 2^62 ns of the epoch");
    return {ns};
  }

 private:
  // Far from where arithmetic on it could overflow, and further than any log will reach.
  static constexpr std::int64_t kBound = std::int64_t{1} << 62;

  std::uint64_t bounded(std::uint64_t value, const char* field) {
    require(value < static_cast<std::uint64_t>(kBound), field, "not below 2^62");
    return value;
  }
  void fail(ErrorCode code, const char* field, const std::string& meaning);

  const char* message_;
  const char* list_ = nullptr;
  std::size_t index_ = 0;
  bool ok_ = true;
  Error error_;
};

// The words of a body, in place where they are aligned, else copied.
class AlignedBody {
 public:
  explicit AlignedBody(std::string_view body);
  kj::ArrayPtr<const capnp::word> words() const { return words_; }

 private:
  kj::Array<capnp::word> copy_;
  kj::ArrayPtr<const capnp::word> words_;
};

// Bounds on what a message may make its reader do. Every object of a sound message is visited once.
capnp::ReaderOptions reader_options(std::size_t body_words);
Error malformed(const char* message, const char* what);

// Reads a frame of this kind by `read(Root::Reader, FieldCheck&) -> Value`. `message` names it in
// errors.
template <class Root, class Value, class Read>
Result<Value> read_frame(std::string_view frame, FrameKind kind, const char* message, Read read) {
  const Result<std::string_view> body = open_frame(frame, kind);
  if (!body.ok()) return body.error();
  const AlignedBody aligned(body.value());
  // Cap'n Proto reports malformed pointers by throwing; nothing else can be thrown in here.
  try {
    capnp::FlatArrayMessageReader reader(aligned.words(), reader_options(aligned.words().size()));
    if (reader.getEnd() != aligned.words().end()) return malformed(message, "bytes behind its end");
    FieldCheck check(message);
    Value value = read(reader.getRoot<Root>(), check);
    if (!check.ok()) return check.error();
    return value;
  } catch (const kj::Exception& exception) {
    return malformed(message, exception.getDescription().cStr());
  }
}

}  // namespace synchrodb::wire
