#include "engine/wire/frame.h"

#include <cstring>

#include "engine/storage/crc32c.h"

namespace synchrodb {
namespace {

constexpr char kMagic[4] = {'S', 'y', 'D', 'B'};
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kKindAt = 6;
constexpr std::size_t kZeroAt = 7;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kChecksumAt = 12;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint32_t load32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | byte_at(bytes, at + i);
  return value;
}

void store32(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i, value >>= 8) bytes[at + i] = static_cast<char>(value & 0xff);
}

std::uint32_t checksum(std::string_view frame) {
  return crc32c(crc32c(0, frame.substr(0, kChecksumAt)), frame.substr(kFrameHeaderBytes));
}

Error corrupt(const std::string& what) {
  return Error{ErrorCode::kCorrupt, "frame: " + what};
}

}  // namespace

void seal_frame(std::string& frame, FrameKind kind) {
  SYNCHRODB_ASSERT(frame.size() >= kFrameHeaderBytes && frame.size() % 8 == 0,
                   "a frame is a header and whole words");
  SYNCHRODB_ASSERT(frame.size() <= kMaxFrameBytes, "the message does not fit a frame");
  std::memcpy(frame.data(), kMagic, sizeof kMagic);
  frame[kVersionAt] = static_cast<char>(kProtocolVersion & 0xff);
  frame[kVersionAt + 1] = static_cast<char>(kProtocolVersion >> 8);
  frame[kKindAt] = static_cast<char>(kind);
  frame[kZeroAt] = 0;
  store32(frame, kLengthAt, static_cast<std::uint32_t>(frame.size() - kFrameHeaderBytes));
  store32(frame, kChecksumAt, checksum(frame));
}

Result<std::size_t> frame_size(std::string_view header) {
  if (header.size() < kFrameHeaderBytes) {
    return corrupt("header: " + std::to_string(header.size()) + " of " +
                   std::to_string(kFrameHeaderBytes) + " bytes");
  }
  if (std::memcmp(header.data(), kMagic, sizeof kMagic) != 0) return corrupt("magic: not SyDB");
  const std::uint32_t version = load32(header, kVersionAt) & 0xffff;
  if (version != kProtocolVersion) {
    return Error{ErrorCode::kUnsupported, "frame: version: " + std::to_string(version) +
                                              ", this build speaks " +
                                              std::to_string(kProtocolVersion)};
  }
  if (byte_at(header, kZeroAt) != 0) return corrupt("reserved byte: not zero");
  const std::size_t length = load32(header, kLengthAt);
  if (length % 8 != 0 || length > kMaxFrameBytes - kFrameHeaderBytes) {
    return corrupt("length: " + std::to_string(length) + " is not a multiple of 8 up to " +
                   std::to_string(kMaxFrameBytes - kFrameHeaderBytes));
  }
  return kFrameHeaderBytes + length;
}

Result<std::string_view> open_frame(std::string_view frame, FrameKind kind) {
  const Result<std::size_t> size = frame_size(frame);
  if (!size.ok()) return size.error();
  if (frame.size() != size.value()) {
    return corrupt("length: states " + std::to_string(size.value()) + " bytes in all, has " +
                   std::to_string(frame.size()));
  }
  if (load32(frame, kChecksumAt) != checksum(frame)) return corrupt("checksum: does not match");
  if (byte_at(frame, kKindAt) != static_cast<std::uint8_t>(kind)) {
    return corrupt("kind: " + std::to_string(byte_at(frame, kKindAt)) + ", expected " +
                   std::to_string(static_cast<unsigned>(kind)));
  }
  return frame.substr(kFrameHeaderBytes);
}

}  // namespace synchrodb
