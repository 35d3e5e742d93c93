// Small sound frames of every kind, for tests that spoil them.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kv/command.h"
#include "engine/wire/codec.h"

namespace synchrodb::wire_test {

// One decoder of the three, without its value.
using Decoder = std::function<Result<>(std::string_view)>;
template <class T>
Result<> forget(const Result<T>& result) {
  return result.ok() ? Result<>() : Result<>(result.error());
}
inline Result<> decode_peer(std::string_view frame) {
  return forget(decode_frame(frame));
}
inline Result<> decode_request(std::string_view frame) {
  return forget(decode_request_frame(frame));
}
inline Result<> decode_answer(std::string_view frame) {
  return forget(decode_reply_frame(frame));
}

// A frame around a message that the encoder would not make, with a right checksum.
inline std::string frame_of(capnp::MessageBuilder& message, FrameKind kind) {
  const auto words = capnp::messageToFlatArray(message);
  std::string frame(kFrameHeaderBytes, '\0');
  frame.append(reinterpret_cast<const char*>(words.begin()), words.size() * sizeof(capnp::word));
  seal_frame(frame, kind);
  return frame;
}

struct Sample {
  const char* name;
  std::string frame;
  FrameKind kind;
  Decoder decode;
};

// Small sound frames of each kind.
inline std::vector<Sample> samples() {
  const auto peer = [](const char* name, Message message) {
    return Sample{name, encode_frame({GroupId{1}, NodeId{2}, NodeId{3}, std::move(message)}),
                  FrameKind::kPeer, decode_peer};
  };
  AppendRequest append;
  append.term = {5};
  append.prev_index = {8};
  append.prev_term = {4};
  append.commit = {7};
  append.round = 2;
  const AppendRequest heartbeat = append;
  append.entries = {
      make_entry(Term{4}, Index{9}, EntryKind::kCommand, {}, "a command"),
      make_entry(Term{5}, Index{10}, EntryKind::kConfiguration, {},
                 encode_configuration(
                     {.voters = {NodeId{1}, NodeId{2}}, .outgoing = {}, .learners = {}}))};
  SnapshotChunk chunk;
  chunk.term = {5};
  chunk.meta = {Index{10}, Term{4}, {{NodeId{1}}, {}, {}}, Index{2}};
  chunk.total = 9;
  chunk.data = std::make_shared<const std::string>("nine byte");
  ClientRequest get;
  get.group = {1};
  get.payload = encode_command({"GET", "key"});
  ClientReply answer;
  answer.status = ClientReply::Status::kOk;
  answer.reply = Reply::array({Reply::bulk("value"), Reply::map({Reply::nil(), Reply::real(2)})});
  return {peer("vote request", VoteRequest{Term{3}, true, false, Index{8}, Term{2}, 1}),
          peer("vote reply", VoteReply{Term{3}, true, true}),
          peer("heartbeat", heartbeat),
          peer("append request", append),
          peer("append reply", AppendReply{Term{5}, true, Index{10}, Index{}, Term{}, 2, 0}),
          peer("snapshot chunk", chunk),
          peer("snapshot reply", SnapshotReply{Term{5}, Index{10}}),
          peer("timeout now", TimeoutNow{Term{5}}),
          {"request", encode_frame(get), FrameKind::kClientRequest, decode_request},
          {"reply", encode_frame(answer), FrameKind::kClientReply, decode_answer}};
}

}  // namespace synchrodb::wire_test
