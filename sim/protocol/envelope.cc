#include "sim/protocol/envelope.h"

#include <cstring>
#include <memory>

#include "engine/storage/crc32c.h"

namespace synchrodb::sim {
namespace {

// Checksum of the rest, group, from, to, bytes.
struct Head {
  std::uint64_t group = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};
constexpr std::size_t kSum = sizeof(std::uint32_t);

std::string encode(const PeerMessage& message) {
  const Head head{message.group.value, message.from.value, message.to.value};
  std::string frame(kSum + sizeof head, '\0');
  std::memcpy(frame.data() + kSum, &head, sizeof head);
  frame += *bytes_of(message.message);
  const std::uint32_t sum = crc32c(0, std::string_view(frame).substr(kSum));
  std::memcpy(frame.data(), &sum, kSum);
  return frame;
}

Result<PeerMessage> decode(std::string_view frame) {
  const Error damaged{ErrorCode::kCorrupt, "a protocol's message was damaged on its way"};
  Head head;
  if (frame.size() < kSum + sizeof head) return damaged;
  std::uint32_t sum = 0;
  std::memcpy(&sum, frame.data(), kSum);
  if (sum != crc32c(0, frame.substr(kSum))) return damaged;
  std::memcpy(&head, frame.data() + kSum, sizeof head);
  return PeerMessage{GroupId{head.group}, NodeId{head.from}, NodeId{head.to},
                     to_message(frame.substr(kSum + sizeof head))};
}

}  // namespace

Message to_message(std::string_view bytes) {
  SnapshotChunk chunk;
  chunk.data = std::make_shared<const std::string>(bytes);
  return chunk;
}

const std::string* bytes_of(const Message& message) {
  const auto* chunk = std::get_if<SnapshotChunk>(&message);
  return chunk == nullptr ? nullptr : chunk->data.get();
}

NetworkCodec protocol_codec() {
  NetworkCodec codec;
  codec.encode_message = encode;
  codec.decode_message = decode;
  return codec;
}

}  // namespace synchrodb::sim
