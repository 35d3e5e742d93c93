#include "net/peer/acknowledgement.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>

namespace synchrodb::net {
namespace {

constexpr std::size_t kMostBytes = 128;  // larger ones have results, and are not worth a look

bool has_no_results(capnp::rpc::Return::Reader answer) {
  return answer.isResults() && answer.getResults().getContent().targetSize().wordCount == 0;
}

}  // namespace

bool is_acknowledgement(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> message) {
  if (message.size() != 2 || message[1].size() > kMostBytes) return false;
  const kj::ArrayPtr<const capnp::word> segment(
      reinterpret_cast<const capnp::word*>(message[1].begin()),
      message[1].size() / sizeof(capnp::word));
  capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1));
  const auto root = reader.getRoot<capnp::rpc::Message>();
  return root.isFinish() || (root.isReturn() && has_no_results(root.getReturn()));
}

}  // namespace synchrodb::net
