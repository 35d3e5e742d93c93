// A protocol's bytes on the network, which carries the engine's messages: they ride as the data of
// a piece of a snapshot, the one message whose contents are nobody's business but the receiver's.
#pragma once

#include <string>
#include <string_view>

#include "engine/env/transport.h"
#include "sim/network/network.h"

namespace synchrodb::sim {

Message to_message(std::string_view bytes);
// Null: not what to_message() made.
const std::string* bytes_of(const Message& message);
// With a checksum: a damaged message does not arrive.
NetworkCodec protocol_codec();

}  // namespace synchrodb::sim
