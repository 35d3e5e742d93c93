// Frames with a right checksum whose sender is not sound, or newer than this build.
#include <capnp/any.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "engine/wire/client.capnp.h"
#include "engine/wire/peer.capnp.h"
#include "tests/engine/wire_messages.h"
#include "tests/engine/wire_samples.h"

namespace synchrodb {
namespace {

using namespace wire_test;

// --- Fields that hold what they must not, and how the error says so.

constexpr std::uint64_t kTooGreat = std::uint64_t{1} << 62;

template <class Fill>
std::string peer_error(Fill fill, ErrorCode code = ErrorCode::kInvalid) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::PeerMessage>();
  root.setGroup(1);
  root.setFrom(2);
  root.setTo(3);
  root.initTimeoutNow();
  fill(root);
  const auto decoded = decode_frame(frame_of(builder, FrameKind::kPeer));
  if (decoded.ok()) return "accepted";
  EXPECT_EQ(decoded.error().code, code) << decoded.error().message;
  return decoded.error().message;
}

TEST(WireFields, NobodySendsAndNobodyReceives) {
  using Root = wire::PeerMessage::Builder;
  EXPECT_EQ(peer_error([](Root) {}), "accepted");
  EXPECT_EQ(peer_error([](Root root) { root.setFrom(0); }), "peer message: from: 0 is no node");
  EXPECT_EQ(peer_error([](Root root) { root.setTo(0); }), "peer message: to: 0 is no node");
}

TEST(WireFields, NumbersAreBounded) {
  using Root = wire::PeerMessage::Builder;
  const std::string tail = ": not below 2^62";
  const std::vector<std::pair<std::string, std::function<void(Root)>>> table = {
      {"vote request.term", [](Root r) { r.initVoteRequest().setTerm(kTooGreat); }},
      {"vote request.last_index", [](Root r) { r.initVoteRequest().setLastIndex(kTooGreat); }},
      {"vote request.last_term", [](Root r) { r.initVoteRequest().setLastTerm(kTooGreat); }},
      {"vote reply.term", [](Root r) { r.initVoteReply().setTerm(~std::uint64_t{0}); }},
      {"append request.term", [](Root r) { r.initAppendRequest().setTerm(kTooGreat); }},
      {"append request.prev_index", [](Root r) { r.initAppendRequest().setPrevIndex(kTooGreat); }},
      {"append request.prev_term", [](Root r) { r.initAppendRequest().setPrevTerm(kTooGreat); }},
      {"append request.commit", [](Root r) { r.initAppendRequest().setCommit(kTooGreat); }},
      {"append request.round", [](Root r) { r.initAppendRequest().setRound(kTooGreat); }},
      {"append request.recovery_bound",
       [](Root r) { r.initAppendRequest().setRecoveryBound(kTooGreat); }},
      {"append reply.term", [](Root r) { r.initAppendReply().setTerm(kTooGreat); }},
      {"append reply.index", [](Root r) { r.initAppendReply().setIndex(kTooGreat); }},
      {"append reply.hint_index", [](Root r) { r.initAppendReply().setHintIndex(kTooGreat); }},
      {"append reply.hint_term", [](Root r) { r.initAppendReply().setHintTerm(kTooGreat); }},
      {"append reply.round", [](Root r) { r.initAppendReply().setRound(kTooGreat); }},
      {"snapshot chunk.term", [](Root r) { r.initSnapshotChunk().setTerm(kTooGreat); }},
      {"snapshot chunk.meta.index",
       [](Root r) { r.initSnapshotChunk().initMeta().setIndex(kTooGreat); }},
      {"snapshot chunk.meta.term",
       [](Root r) { r.initSnapshotChunk().initMeta().setTerm(kTooGreat); }},
      {"snapshot chunk.meta.configuration_index",
       [](Root r) { r.initSnapshotChunk().initMeta().setConfigurationIndex(kTooGreat); }},
      {"snapshot reply.term", [](Root r) { r.initSnapshotReply().setTerm(kTooGreat); }},
      {"snapshot reply.index", [](Root r) { r.initSnapshotReply().setIndex(kTooGreat); }},
      {"snapshot reply.next_offset",
       [](Root r) { r.initSnapshotReply().setNextOffset(kTooGreat); }},
      {"snapshot reply.round", [](Root r) { r.initSnapshotReply().setRound(kTooGreat); }},
      {"timeout now.term", [](Root r) { r.initTimeoutNow().setTerm(kTooGreat); }},
  };
  for (const auto& [field, fill] : table)
    EXPECT_EQ(peer_error(fill), "peer message: " + field + tail);
}

// Sound but for what `spoil` does to the second of its three entries, or to the whole.
template <class Spoil>
std::string append_error(Spoil spoil, ErrorCode code = ErrorCode::kInvalid) {
  return peer_error(
      [&](wire::PeerMessage::Builder root) {
        auto append = root.initAppendRequest();
        append.setTerm(5);
        append.setPrevIndex(10);
        append.setPrevTerm(3);
        auto entries = append.initEntries(3);
        for (unsigned i = 0; i < 3; ++i) {
          entries[i].setIndex(11 + i);
          entries[i].setTerm(4);
          entries[i].setKind(wire::EntryKind::COMMAND);
        }
        spoil(append, entries[1]);
      },
      code);
}

TEST(WireFields, EntriesAreConsecutiveAndOfRisingTerms) {
  using Append = wire::AppendRequest::Builder;
  using Entry = wire::Entry::Builder;
  const std::string one = "peer message: append request.entries[1].";
  EXPECT_EQ(append_error([](Append, Entry) {}), "accepted");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setIndex(13); }), one + "index: not consecutive");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setIndex(11); }), one + "index: not consecutive");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setIndex(kTooGreat); }),
            one + "index: not below 2^62");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setTerm(6); }),
            one + "term: above the message's term");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setTerm(3); }),
            one + "term: below the entry before it");
  EXPECT_EQ(append_error([](Append a, Entry) { a.setPrevTerm(6); }),
            "peer message: append request.prev_term: above the message's term");
  EXPECT_EQ(append_error([](Append a, Entry) { a.setPrevTerm(5); }),
            "peer message: append request.entries[0].term: below the entry before it");
}

TEST(WireFields, EntriesHoldWhatTheirKindSays) {
  using Append = wire::AppendRequest::Builder;
  using Entry = wire::Entry::Builder;
  const std::string one = "peer message: append request.entries[1].";
  EXPECT_EQ(append_error([](Append, Entry e) { e.setKind(wire::EntryKind::CONFIGURATION); }),
            one + "payload: not a configuration");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setKind(static_cast<wire::EntryKind>(3)); },
                         ErrorCode::kUnsupported),
            one + "kind: 3 is unknown to this build");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setWrittenLatest(-1); }),
            one + "written: ends before it begins");
  EXPECT_EQ(append_error([](Append, Entry e) { e.setWrittenLatest(std::int64_t{1} << 62); }),
            one + "written.latest: not within 2^62 ns of the epoch");
  EXPECT_EQ(append_error([](Append, Entry e) {
              e.setWrittenEarliest(std::numeric_limits<std::int64_t>::min());
            }),
            one + "written.earliest: not within 2^62 ns of the epoch");
}

template <class Spoil>
std::string chunk_error(Spoil spoil) {
  return peer_error([&](wire::PeerMessage::Builder root) {
    auto chunk = root.initSnapshotChunk();
    chunk.setTerm(5);
    auto meta = chunk.initMeta();
    meta.setIndex(10);
    meta.setTerm(4);
    const std::string configuration =
        encode_configuration({.voters = {NodeId{1}}, .outgoing = {}, .learners = {}});
    meta.setConfiguration(
        {reinterpret_cast<const kj::byte*>(configuration.data()), configuration.size()});
    chunk.setOffset(8);
    chunk.setTotal(12);
    chunk.initData(4);
    spoil(chunk);
  });
}

TEST(WireFields, SnapshotPiecesLieWithinTheSnapshot) {
  using Chunk = wire::SnapshotChunk::Builder;
  const std::string data = "peer message: snapshot chunk.data: ends behind the snapshot's total";
  const std::string meta = "peer message: snapshot chunk.meta.";
  EXPECT_EQ(chunk_error([](Chunk) {}), "accepted");
  EXPECT_EQ(chunk_error([](Chunk c) { c.setTotal(11); }), data);
  EXPECT_EQ(chunk_error([](Chunk c) { c.setOffset(13); }), data);
  EXPECT_EQ(chunk_error([](Chunk c) { c.setOffset(~std::uint64_t{0} - 1); }),
            "peer message: snapshot chunk.offset: not below 2^62");
  EXPECT_EQ(chunk_error([](Chunk c) { c.setTotal(kTooGreat); }),
            "peer message: snapshot chunk.total: not below 2^62");
  EXPECT_EQ(chunk_error([](Chunk c) { c.setRound(kTooGreat); }),
            "peer message: snapshot chunk.round: not below 2^62");
  EXPECT_EQ(chunk_error([](Chunk c) { c.getMeta().setConfigurationIndex(11); }),
            meta + "configuration_index: above the snapshot's index");
  EXPECT_EQ(chunk_error([](Chunk c) { c.getMeta().initConfiguration(3); }),
            meta + "configuration: not a configuration");
}

TEST(WireFields, WhatANewerBuildSaysIsUnsupported) {
  EXPECT_EQ(peer_error(
                [](wire::PeerMessage::Builder root) {
                  root.initSnapshotReply().setStatus(static_cast<wire::SnapshotReply::Status>(9));
                },
                ErrorCode::kUnsupported),
            "peer message: snapshot reply.status: 9 is unknown to this build");
  // A kind of message behind the last known: the union's tag is word 3 of the root.
  std::string frame = samples()[0].frame;
  const std::size_t tag = kFrameHeaderBytes + 8 * (1 + 1 + 3);
  ASSERT_EQ(frame[tag], 0);
  frame[tag] = 77;
  seal_frame(frame, FrameKind::kPeer);
  const auto decoded = decode_frame(frame);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(decoded.error().message, "peer message: message: 77 is unknown to this build");
}

template <class Root, class Fill>
std::string client_error(Fill fill, FrameKind kind, const Decoder& decode) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<Root>());
  const auto decoded = decode(frame_of(builder, kind));
  return decoded.ok() ? "accepted" : decoded.error().message;
}

TEST(WireFields, RequestsSayWhatTheyWant) {
  using Root = wire::ClientRequest::Builder;
  using Kind = wire::ClientRequest::Kind;
  const auto error = [](auto fill) {
    return client_error<wire::ClientRequest>(fill, FrameKind::kClientRequest, decode_request);
  };
  EXPECT_EQ(error([](Root r) { r.setKind(Kind::STATUS); }), "accepted");
  EXPECT_EQ(error([](Root r) { r.setKind(Kind::WRITE); }),
            "client request: payload: empty in a write");
  for (const Kind kind : {Kind::READ, Kind::LEASE_READ, Kind::STALE_READ}) {
    EXPECT_EQ(error([&](Root r) { r.setKind(kind); }), "client request: payload: empty in a read");
  }
  EXPECT_EQ(error([](Root r) { r.setKind(static_cast<Kind>(7)); }),
            "client request: kind: 7 is unknown to this build");
  const auto change = [&](auto spoil) {
    return error([&](Root r) {
      r.setKind(Kind::CHANGE);
      spoil(r.initChange());
    });
  };
  EXPECT_EQ(change([](auto c) { c.initAddVoters(2).set(0, 1); }),
            "client request: change.add_voters[1].node: 0 is no node");
  EXPECT_EQ(change([](auto c) { c.initAddLearners(1); }),
            "client request: change.add_learners[0].node: 0 is no node");
  EXPECT_EQ(change([](auto c) { c.initRemove(1025); }),
            "client request: change: more than 1024 nodes");
}

TEST(WireFields, RepliesAreShallowAndMapsComplete) {
  using Root = wire::ClientReply::Builder;
  const auto error = [](auto fill) {
    return client_error<wire::ClientReply>(fill, FrameKind::kClientReply, decode_answer);
  };
  const auto nested = [](int depth) {
    return [depth](Root root) {
      auto reply = root.initReply();
      for (int i = 0; i < depth; ++i) reply = reply.initArray(1)[0];
    };
  };
  EXPECT_EQ(error(nested(kMaxReplyDepth)), "accepted");
  EXPECT_EQ(error(nested(kMaxReplyDepth + 1)), "client reply: reply: nested too deep");
  EXPECT_NE(error(nested(1000)), "accepted");
  EXPECT_EQ(error([](Root r) { r.initReply().initMap(3); }),
            "client reply: reply: a map's last key has no value");
  EXPECT_EQ(error([](Root r) { r.setTerm(kTooGreat); }), "client reply: term: not below 2^62");
  EXPECT_EQ(error([](Root r) { r.setIndex(kTooGreat); }), "client reply: index: not below 2^62");
  EXPECT_EQ(error([](Root r) { r.setStatus(static_cast<wire::ClientReply::Status>(5)); }),
            "client reply: status: 5 is unknown to this build");
}

// --- Amplification: small frames that pretend to hold much.

// Where the last word of this value stands in the frame.
std::size_t last_word(std::string_view frame, std::uint64_t value) {
  for (std::size_t at = frame.size() - 8; at >= kFrameHeaderBytes; at -= 8) {
    if (std::memcmp(frame.data() + at, &value, 8) == 0) return at;
  }
  ADD_FAILURE() << "the frame has no such word";
  return kFrameHeaderBytes;
}

TEST(WireBombs, ManyEmptyStructsInNoSpace) {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<wire::ClientReply>().initReply().initArray(1);
  std::string frame = frame_of(builder, FrameKind::kClientReply);
  // The list's tag, number of elements and their size: one of two words and a pointer becomes half
  // a billion of nothing.
  const std::uint64_t tag = std::uint64_t{1} << 2 | std::uint64_t{2} << 32 | std::uint64_t{1} << 48;
  const std::uint64_t bomb = ((std::uint64_t{1} << 29) - 1) << 2;
  std::memcpy(frame.data() + last_word(frame, tag), &bomb, 8);
  seal_frame(frame, FrameKind::kClientReply);
  const auto decoded = decode_reply_frame(frame);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt) << decoded.error().message;
}

TEST(WireBombs, ManyPointersToOneString) {
  capnp::MallocMessageBuilder builder(20'000);  // words: all of it in one segment
  auto reply = builder.initRoot<wire::ClientReply>();
  constexpr unsigned kPointers = 1000;
  auto array = reply.initReply().initArray(kPointers);
  for (unsigned i = 0; i + 1 < kPointers; ++i) array[i].initBulk(0);
  array[kPointers - 1].initBulk(100'000);
  std::string frame = frame_of(builder, FrameKind::kClientReply);
  // Every element's pointer aims where the last one's does.
  const std::uint64_t bytes =
      std::uint64_t{1} | std::uint64_t{2} << 32 | std::uint64_t{100'000} << 35;
  const std::size_t last = last_word(frame, bytes);
  constexpr std::uint64_t kStride = 3;  // words of a Reply
  for (std::uint64_t i = 1; i < kPointers; ++i) {
    const std::uint64_t word = bytes | i * kStride << 2;
    std::memcpy(frame.data() + last - i * kStride * 8, &word, 8);
  }
  seal_frame(frame, FrameKind::kClientReply);
  const auto decoded = decode_reply_frame(frame);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt) << decoded.error().message;
}

// --- Evolution: what a newer schema adds is passed over.

TEST(WireEvolution, UnknownFieldsAreIgnored) {
  const std::string old = samples()[4].frame;  // an append reply
  const auto* words = reinterpret_cast<const capnp::word*>(old.data() + kFrameHeaderBytes);
  capnp::FlatArrayMessageReader reader({words, (old.size() - kFrameHeaderBytes) / 8});
  const auto root = reader.getRoot<capnp::AnyStruct>();

  capnp::MallocMessageBuilder builder;
  auto wider = builder.initRoot<capnp::AnyPointer>().initAsAnyStruct(
      static_cast<std::uint16_t>(root.getDataSection().size() / 8 + 4), 3);
  std::memcpy(wider.getDataSection().begin(), root.getDataSection().begin(),
              root.getDataSection().size());
  for (std::size_t i = root.getDataSection().size(); i < wider.getDataSection().size(); ++i) {
    wider.getDataSection()[i] = 0xa5;
  }
  wider.getPointerSection()[0].set(root.getPointerSection()[0]);
  wider.getPointerSection()[1].setAs<capnp::Text>("a field of next year");

  const auto expected = decode_frame(old);
  const auto decoded = decode_frame(frame_of(builder, FrameKind::kPeer));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_TRUE(same(decoded.value(), expected.value()));
}

TEST(WireEvolution, MissingFieldsReadAsTheirDefaults) {
  capnp::MallocMessageBuilder builder;  // a sender that knows no more than the reply's status word
  builder.initRoot<capnp::AnyPointer>().initAsAnyStruct(1, 0).getDataSection()[0] = 3;
  const auto decoded = decode_reply_frame(frame_of(builder, FrameKind::kClientReply));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_TRUE(same(decoded.value(), ClientReply{}));
}

}  // namespace
}  // namespace synchrodb
