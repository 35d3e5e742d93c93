// What is encoded is what is decoded.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <limits>

#include "tests/engine/wire_messages.h"

namespace synchrodb {
namespace {

using namespace wire_test;

// Each property draws a hundred times, so a thousand messages.
constexpr int kMessages = 10;

RC_GTEST_PROP(WireRoundTrip, PeerMessagesComeBackEqual, ()) {
  for (int i = 0; i < kMessages; ++i) {
    const PeerMessage message = any_peer_message();
    const auto decoded = decode_frame(encode_frame(message));
    if (!decoded.ok()) RC_FAIL(decoded.error().message);
    RC_ASSERT(same(message, decoded.value()));
  }
}

RC_GTEST_PROP(WireRoundTrip, RequestsComeBackEqual, ()) {
  for (int i = 0; i < kMessages; ++i) {
    const ClientRequest request = any_request();
    const auto decoded = decode_request_frame(encode_frame(request));
    if (!decoded.ok()) RC_FAIL(decoded.error().message);
    RC_ASSERT(same(request, decoded.value()));
  }
}

RC_GTEST_PROP(WireRoundTrip, RepliesComeBackEqual, ()) {
  for (int i = 0; i < kMessages; ++i) {
    const ClientReply reply = any_client_reply();
    const auto decoded = decode_reply_frame(encode_frame(reply));
    if (!decoded.ok()) RC_FAIL(decoded.error().message);
    RC_ASSERT(same(reply, decoded.value()));
  }
}

RC_GTEST_PROP(WireRoundTrip, EqualMessagesHaveEqualBytes, ()) {
  const PeerMessage message = any_peer_message();
  const std::string frame = encode_frame(message);
  RC_ASSERT(encode_frame(decode_frame(frame).value()) == frame);
}

RC_GTEST_PROP(WireRoundTrip, AlignmentOfTheFrameDoesNotMatter, ()) {
  const PeerMessage message = any_peer_message();
  const auto offset = static_cast<std::size_t>(pick(8));
  const std::string padded = std::string(offset, 'x') + encode_frame(message);
  const auto decoded = decode_frame(std::string_view(padded).substr(offset));
  RC_ASSERT(decoded.ok());
  RC_ASSERT(same(message, decoded.value()));
}

TEST(WireRoundTrip, DefaultsOfEveryKind) {
  const auto check = [](Message message) {
    const PeerMessage sent{GroupId{1}, NodeId{1}, NodeId{2}, std::move(message)};
    const auto received = decode_frame(encode_frame(sent));
    ASSERT_TRUE(received.ok()) << received.error().message;
    EXPECT_TRUE(same(sent, received.value())) << name_of(sent.message);
  };
  check(VoteRequest{});
  check(VoteReply{});
  check(AppendRequest{});
  check(AppendReply{});
  check(SnapshotReply{});
  check(TimeoutNow{});
}

TEST(WireRoundTrip, AMissingPieceArrivesAsAnEmptyOne) {
  SnapshotChunk chunk;
  chunk.meta.configuration.voters = {NodeId{1}};
  const auto received = decode_frame(encode_frame({GroupId{1}, NodeId{1}, NodeId{2}, chunk}));
  ASSERT_TRUE(received.ok()) << received.error().message;
  const auto& arrived = std::get<SnapshotChunk>(received.value().message);
  ASSERT_NE(arrived.data, nullptr);
  EXPECT_EQ(*arrived.data, "");
}

TEST(WireRoundTrip, LargePayloads) {
  const EntryRef entry = make_entry(Term{1}, Index{1}, EntryKind::kCommand, {},
                                    std::string(std::size_t{5} << 20, 'v'));
  AppendRequest append;
  append.term = {1};
  append.entries = {entry};
  const auto received = decode_frame(encode_frame({GroupId{1}, NodeId{1}, NodeId{2}, append}));
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_TRUE(same(entry, std::get<AppendRequest>(received.value().message).entries.at(0)));
}

TEST(WireRoundTrip, DoublesKeepTheirBits) {
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.0, -0.0, Limits::denorm_min(), Limits::infinity(), 0.1}) {
    ClientReply reply;
    reply.reply = Reply::real(value);
    const auto received = decode_reply_frame(encode_frame(reply));
    ASSERT_TRUE(received.ok());
    const double arrived = received.value().reply.real_number();
    EXPECT_EQ(std::bit_cast<std::uint64_t>(arrived), std::bit_cast<std::uint64_t>(value));
  }
}

TEST(WireRoundTrip, RepliesNestAsDeepAsTheyMayAndNoDeeper) {
  ClientReply reply;
  reply.reply = Reply::integer(1);
  for (int depth = 1; depth <= kMaxReplyDepth; ++depth) {
    reply.reply = Reply::array({std::move(reply.reply)});
    ASSERT_TRUE(fits_frame(reply)) << depth;
    const auto received = decode_reply_frame(encode_frame(reply));
    ASSERT_TRUE(received.ok()) << received.error().message;
    ASSERT_TRUE(same(reply, received.value())) << depth;
  }
  reply.reply = Reply::array({std::move(reply.reply)});
  EXPECT_FALSE(fits_frame(reply));
}

TEST(WireRoundTrip, WhatIsTooLargeIsKnownBeforehand) {
  ClientRequest request;
  request.kind = ClientRequest::Kind::kWrite;
  request.payload = std::string(kMaxFrameBytes, 'x');
  EXPECT_FALSE(fits_frame(request));
  request.payload.resize(kMaxFrameBytes - 256);
  ASSERT_TRUE(fits_frame(request));
  const auto received = decode_request_frame(encode_frame(request));
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_EQ(received.value().payload.size(), request.payload.size());
}

}  // namespace
}  // namespace synchrodb
