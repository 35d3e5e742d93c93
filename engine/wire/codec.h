// Messages to bytes and back, for both worlds: one frame (frame.h) a message.
//
// decode_frame(encode_frame(m)) equals m for every sound m that fits_frame(). Decoding takes
// hostile bytes: it never throws, allocates no more than a small multiple of the frame, and answers
// anything that a sound sender could not have sent with an error that names the field. What is
// checked beyond the grammar:
//   - terms, indexes and wall clocks (by magnitude) are below 2^62, node ids are not zero
//   - appended entries are consecutive from prev_index, with terms that neither fall nor pass the
//     message's; a configuration entry holds a configuration
//   - a snapshot chunk lies within the snapshot's total
//   - a write has a payload and so has a read, a membership change at most 1,024 nodes
//   - a reply nests at most kMaxReplyDepth deep (engine/kv/reply.h), a map has a value for each key
#pragma once

#include <string>
#include <string_view>

#include "engine/env/result.h"
#include "engine/env/transport.h"
#include "engine/wire/frame.h"

namespace synchrodb {

// Whether the message can be encoded: its frame stays below kMaxFrameBytes, and a reply does not
// nest too deep. Whoever sends what a user made must ask first.
bool fits_frame(const PeerMessage& message);
bool fits_frame(const ClientRequest& request);
bool fits_frame(const ClientReply& reply);

// The message must fit.
std::string encode_frame(const PeerMessage& message);
std::string encode_frame(const ClientRequest& request);
std::string encode_frame(const ClientReply& reply);

// The whole frame and nothing behind it. kCorrupt: damaged on the way; kUnsupported: from a newer
// protocol; kInvalid: well-formed, but a field holds what it must not.
Result<PeerMessage> decode_frame(std::string_view frame);
Result<ClientRequest> decode_request_frame(std::string_view frame);
Result<ClientReply> decode_reply_frame(std::string_view frame);

}  // namespace synchrodb
