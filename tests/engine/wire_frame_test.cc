// The frame's layout, byte by byte: what is on the wire must not change by accident.
#include "engine/wire/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/wire/codec.h"

namespace synchrodb {
namespace {

using namespace std::string_literals;

// CRC32C from its definition (RFC 3720, appendix B.4), a bit at a time.
std::uint32_t slow_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
  }
  return ~crc;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string sealed(std::string body, FrameKind kind) {
  std::string frame = std::string(kFrameHeaderBytes, '\0') + std::move(body);
  seal_frame(frame, kind);
  return frame;
}

TEST(WireFrame, SlowCrcKnowsTheStandardsCheckValue) {
  EXPECT_EQ(slow_crc32c("123456789"), 0xe3069283U);
}

TEST(WireFrame, HasTheDocumentedLayout) {
  const std::string body = "sixteen bytes ok";
  const std::string frame = sealed(body, FrameKind::kClientRequest);
  const std::string head = "SyDB\x01\x00\x02\x00\x10\x00\x00\x00"s;
  const std::uint32_t crc = slow_crc32c(head + body);
  std::string expected = head;
  for (int i = 0; i < 4; ++i) expected += static_cast<char>(crc >> (8 * i) & 0xff);
  EXPECT_EQ(hex(frame), hex(expected + body));
}

TEST(WireFrame, OpensWhatWasSealed) {
  const std::string frame = sealed("12345678", FrameKind::kPeer);
  ASSERT_TRUE(open_frame(frame, FrameKind::kPeer).ok());
  EXPECT_EQ(open_frame(frame, FrameKind::kPeer).value(), "12345678");
}

TEST(WireFrame, IsNotTakenForAnotherKind) {
  const auto opened = open_frame(sealed("12345678", FrameKind::kPeer), FrameKind::kClientReply);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message, "frame: kind: 1, expected 3");
}

TEST(WireFrame, CutsAStreamIntoFrames) {
  const std::string first = sealed("12345678", FrameKind::kPeer);
  const std::string second = sealed("", FrameKind::kClientReply);
  const std::string stream = first + second;
  const auto size = frame_size(stream);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(size.value(), first.size());
  EXPECT_EQ(frame_size(std::string_view(stream).substr(size.value())).value(), second.size());
}

TEST(WireFrame, BoundsTheLengthBeforeAnythingIsBuffered) {
  std::string frame = sealed("12345678", FrameKind::kPeer);
  const auto with_length = [&](std::uint32_t length) {
    std::string changed = frame;
    for (std::size_t i = 0; i < 4; ++i) changed[8 + i] = static_cast<char>(length >> (8 * i));
    return changed;
  };
  const auto greatest = static_cast<std::uint32_t>(kMaxFrameBytes - kFrameHeaderBytes);
  EXPECT_EQ(frame_size(with_length(greatest)).value(), kMaxFrameBytes);
  EXPECT_FALSE(frame_size(with_length(greatest + 8)).ok());
  EXPECT_FALSE(frame_size(with_length(0xfffffff8)).ok());
  EXPECT_FALSE(frame_size(with_length(9)).ok());
}

TEST(WireFrame, NamesTheVersionThatItDoesNotKnow) {
  std::string frame = sealed("12345678", FrameKind::kPeer);
  frame[4] = 2;
  const auto opened = open_frame(frame, FrameKind::kPeer);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(opened.error().message, "frame: version: 2, this build speaks 1");
}

// Every byte of a heartbeat. If this fails, nodes of two builds no longer understand each other:
// see the schema rules in engine/wire/README.md.
TEST(WireFrame, OfAHeartbeatIsPinned) {
  AppendRequest append;
  append.term = {3};
  append.prev_index = {7};
  append.prev_term = {2};
  append.commit = {6};
  append.round = 9;
  const std::string frame = encode_frame(PeerMessage{GroupId{1}, NodeId{4}, NodeId{5}, append});
  EXPECT_EQ(
      hex(frame),
      "537944420100010078000000537263d0"  // header
      "000000000e000000"                  // segment table: one segment of 14 words
      "0000000004000100"                  // root: 4 words and a pointer
      "0100000000000000040000000000000005000000000000000200000000000000"  // group, from, to, kind
      "0000000007000100"                                  // append request: 7 words and a pointer
      "030000000000000007000000000000000200000000000000"  // term, prev_index, prev_term
      "06000000000000000900000000000000"                  // commit, round
      "00000000000000000000000000000000"                  // recovery, recovery_bound
      "0000000000000000");                                // no entries
}

}  // namespace
}  // namespace synchrodb
