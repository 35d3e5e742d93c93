#include "net/peer/peer_service.h"

#include <kj/debug.h>

#include <memory>

#include "engine/kv/errors.h"
#include "net/loop/refusal.h"

namespace synchrodb::net {
namespace {

std::string_view as_view(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

// Answers a forwarded request with a frame. A request that is dropped unanswered breaks the
// promise.
class RemoteResponder final : public Responder {
 public:
  using Fulfiller = kj::PromiseFulfiller<kj::Own<std::string>>;

  RemoteResponder(ClientRequest::Kind kind, kj::Own<Fulfiller> fulfiller)
      : kind_(kind), fulfiller_(std::make_unique<kj::Own<Fulfiller>>(kj::mv(fulfiller))) {}

  void reply(ClientReply reply) override {
    // What was written stays written, so that is not a refusal; reads may be asked for apart.
    if (!fits_frame(reply)) {
      reply.reply = Reply::error(
          kind_ != ClientRequest::Kind::kWrite
              ? std::string(errors::kReplyTooLarge)
              : "ERR the reply is too large to travel between nodes; the command was executed, and "
                "only the leader can give its reply");
    }
    (*fulfiller_)->fulfill(kj::heap<std::string>(encode_frame(reply)));
  }

 private:
  ClientRequest::Kind kind_;
  std::unique_ptr<kj::Own<Fulfiller>> fulfiller_;  // behind a destructor that does not throw
};

}  // namespace

kj::Promise<void> RpcTransport::PeerService::deliver(DeliverContext context) {
  LinkCounters& counters = transport_.counters_;
  for (const auto bytes : context.getParams().getFrames()) {
    ++counters.messages_received;
    counters.bytes_received += bytes.size();
    Result<PeerMessage> message = decode_frame(as_view(bytes));
    const bool sound = message.ok() && message.value().from == from_ &&
                       message.value().to == transport_.identity_.node;
    if (!sound) {
      ++counters.frames_malformed;
    } else if (transport_.handler_ != nullptr) {
      transport_.handler_->on_message(std::move(message).value());
    }
  }
  return kj::READY_NOW;
}

kj::Promise<void> RpcTransport::PeerService::request(RequestContext context) {
  Result<ClientRequest> request = decode_request_frame(as_view(context.getParams().getFrame()));
  if (!request.ok()) {
    ++transport_.counters_.frames_malformed;
    return refusal(request.error().message);
  }
  if (transport_.handler_ == nullptr) return KJ_EXCEPTION(OVERLOADED, "not serving yet");
  auto paf = kj::newPromiseAndFulfiller<kj::Own<std::string>>();
  const ClientRequest::Kind kind = request.value().kind;
  transport_.handler_->on_request(std::move(request).value(),
                                  std::make_unique<RemoteResponder>(kind, kj::mv(paf.fulfiller)));
  return paf.promise.then([context, &transport = transport_, from = from_](
                              kj::Own<std::string>&& frame) mutable -> kj::Promise<void> {
    if (transport.loses_to(from)) return kj::NEVER_DONE;
    auto results = context.getResults(capnp::MessageSize{frame->size() / 8 + 16, 0});
    results.setFrame(
        capnp::Data::Reader(reinterpret_cast<const kj::byte*>(frame->data()), frame->size()));
    return kj::READY_NOW;
  });
}

}  // namespace synchrodb::net
