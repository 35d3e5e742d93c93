// The frame around every message on the wire: what it is, how long it is, and a checksum over all
// of it. All numbers are little-endian.
//
//   offset  bytes
//        0      4  magic "SyDB"
//        4      2  version of the protocol; a receiver rejects what it does not know
//        6      1  kind (FrameKind)
//        7      1  zero
//        8      4  length of the body in bytes, a multiple of 8
//       12      4  CRC32C over bytes 0 to 11 and the body
//       16      …  body: one Cap'n Proto message in its standard framing
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/env/result.h"

namespace synchrodb {

enum class FrameKind : std::uint8_t { kPeer = 1, kClientRequest = 2, kClientReply = 3 };

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::size_t kFrameHeaderBytes = 16;
// Header and body. Larger frames are neither made nor accepted.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{64} << 20;

// Writes the header in front of the body, which begins at kFrameHeaderBytes of `frame`. The size of
// the frame must be a multiple of 8 and at most kMaxFrameBytes.
void seal_frame(std::string& frame, FrameKind kind);

// How many bytes the frame has that starts with `header` (at least kFrameHeaderBytes of it), so
// that a stream can be cut into frames. The checksum is not looked at yet; the size is bounded.
Result<std::size_t> frame_size(std::string_view header);

// The body of a whole frame of this kind: nothing missing, nothing behind it, checksum right.
// kCorrupt: damaged; kUnsupported: of another protocol version.
Result<std::string_view> open_frame(std::string_view frame, FrameKind kind);

}  // namespace synchrodb
