// Frames of peers and clients. The first byte chooses the kind and whether the frame is taken as it
// is; otherwise the input is the body, and gets a sound header around it.
#include <string>

#include "engine/wire/codec.h"
#include "tests/fuzz/support/target.h"

namespace synchrodb::fuzz {
namespace {

// What has been accepted can be sent on, and means the same there.
template <class Message>
void check(std::string_view frame, Result<Message> (*decode)(std::string_view)) {
  const Result<Message> message = decode(frame);
  if (!message) {
    SYNCHRODB_ASSERT(!message.error().message.empty(), "an error without a word");
    return;
  }
  SYNCHRODB_ASSERT(fits_frame(message.value()), "what came in a frame does not fit one");
  const std::string sent = encode_frame(message.value());
  const Result<Message> again = decode(sent);
  SYNCHRODB_ASSERT(again.ok(), "what was accepted is not accepted again");
  SYNCHRODB_ASSERT(encode_frame(again.value()) == sent, "what was accepted means something else");
}

std::string framed(std::string_view body, FrameKind kind) {
  std::string frame(kFrameHeaderBytes, '\0');
  frame.append(body);
  frame.resize((frame.size() + 7) / 8 * 8, '\0');
  seal_frame(frame, kind);
  return frame;
}

void run(std::string_view input) {
  const std::uint8_t choice = take_byte(input);
  const auto kind = static_cast<FrameKind>(1 + choice % 3);
  const bool raw = (choice & 0x80) != 0;
  const std::string frame = raw ? std::string(input) : framed(input, kind);
  if (frame.size() >= kFrameHeaderBytes) {
    const Result<std::size_t> size = frame_size(frame);
    SYNCHRODB_ASSERT(!size || size.value() <= kMaxFrameBytes, "a frame beyond the limit");
  }
  switch (kind) {
    case FrameKind::kPeer:
      return check<PeerMessage>(frame, decode_frame);
    case FrameKind::kClientRequest:
      return check<ClientRequest>(frame, decode_request_frame);
    case FrameKind::kClientReply:
      return check<ClientReply>(frame, decode_reply_frame);
  }
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
