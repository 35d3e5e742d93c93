#include "engine/wire/message_body.h"

#include "consensus/assert.h"

namespace synchrodb::wire {
namespace {

// One segment: its count less one, and its size in words.
constexpr std::size_t kSegmentTableBytes = 8;
constexpr std::size_t kSegmentAt = kFrameHeaderBytes + kSegmentTableBytes;

bool is_aligned(const char* bytes) {
  return reinterpret_cast<std::uintptr_t>(bytes) % alignof(capnp::word) == 0;
}

}  // namespace

FrameBuilder::FrameBuilder(std::size_t words) : frame_(kSegmentAt + words * 8, '\0') {}

kj::ArrayPtr<capnp::word> FrameBuilder::allocateSegment(unsigned minimum_words) {
  const std::size_t words = (frame_.size() - kSegmentAt) / 8;
  SYNCHRODB_ASSERT(!allocated_ && minimum_words <= words, "the size estimate is an upper bound");
  SYNCHRODB_ASSERT(is_aligned(frame_.data()), "strings of this size are on the heap, aligned");
  allocated_ = true;
  return {reinterpret_cast<capnp::word*>(frame_.data() + kSegmentAt), words};
}

std::string FrameBuilder::finish(FrameKind kind) {
  const auto segments = getSegmentsForOutput();
  SYNCHRODB_ASSERT(segments.size() == 1, "the message is built in one segment");
  const std::size_t words = segments[0].size();
  frame_.resize(kSegmentAt + words * 8);
  for (std::size_t i = 0; i < 4; ++i) {
    frame_[kFrameHeaderBytes + 4 + i] = static_cast<char>(words >> (8 * i) & 0xff);
  }
  seal_frame(frame_, kind);
  return std::move(frame_);
}

void FieldCheck::unknown(const char* field, std::uint64_t value) {
  fail(ErrorCode::kUnsupported, field, std::to_string(value) + " is unknown to this build");
}

void FieldCheck::fail(ErrorCode code, const char* field, const std::string& meaning) {
  if (!ok_) return;
  ok_ = false;
  std::string where = message_;
  where += ": ";
  if (list_ != nullptr) where += std::string(list_) + "[" + std::to_string(index_) + "].";
  error_ = Error{code, where + field + ": " + meaning};
}

AlignedBody::AlignedBody(std::string_view body) {
  const std::size_t words = body.size() / sizeof(capnp::word);
  if (is_aligned(body.data())) {
    words_ = {reinterpret_cast<const capnp::word*>(body.data()), words};
    return;
  }
  copy_ = kj::heapArray<capnp::word>(words);
  std::memcpy(static_cast<void*>(copy_.begin()), body.data(), words * sizeof(capnp::word));
  words_ = copy_;
}

capnp::ReaderOptions reader_options(std::size_t body_words) {
  capnp::ReaderOptions options;
  // A little more than once: an empty struct counts as a word that it does not have.
  options.traversalLimitInWords = 2 * body_words + 16;
  options.nestingLimit = 48;
  return options;
}

Error malformed(const char* message, const char* what) {
  return Error{ErrorCode::kCorrupt, std::string(message) + ": malformed: " + what};
}

}  // namespace synchrodb::wire
