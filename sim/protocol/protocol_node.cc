#include "sim/protocol/protocol_node.h"

#include <algorithm>
#include <utility>

#include "sim/protocol/envelope.h"
#include "sim/world/process.h"

namespace synchrodb::sim {

// A question on its way to the event loop; outlives a fiber that dies before the answer.
struct ProtocolNode::Turn {
  Kernel& kernel;
  Owner owner;
  TaskId asker;
  std::function<ProtocolEffects()> question;
  ProtocolEffects answer;
  bool answered = false;
  bool abandoned = false;
};

ProtocolNode::ProtocolNode(Kernel& kernel, Owner owner, Env& env, Behaviour& behaviour,
                           const Streams& streams, std::uint32_t index, std::uint64_t life)
    : kernel_(kernel),
      owner_(owner),
      env_(env),
      behaviour_(behaviour),
      streams_(streams),
      index_(index),
      life_(life),
      storage_(env.disk),
      input_(env.fibers) {}

ProtocolNode::~ProtocolNode() {
  if (serving_) behaviour_.stopped(index_);
}

void ProtocolNode::run() {
  Result<> end = storage_.open();
  if (end) end = serve();
  // errors of the storage alone come here
  env_.observer.on_fatal(end.error().message.c_str());
}

Result<> ProtocolNode::serve() {
  serving_ = true;
  Result<> begun = perform(ask([this](const ProtocolMoment& at) {
    return behaviour_.started(at, storage_.contents(), life_ == 1,
                              streams_.stream("protocol", index_, life_));
  }));
  if (!begun) return begun;
  env_.transport.serve(this);
  for (;;) {
    Question question = next_question();
    if (Result<> done = perform(ask(std::move(question))); !done) return done;
  }
}

// Timers that are due come first, in the order of their deadlines, then of their names.
ProtocolNode::Question ProtocolNode::next_question() {
  for (;;) {
    const auto first =
        std::min_element(timers_.begin(), timers_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (first != timers_.end() && first->second <= env_.clock.now()) {
      const std::string name = first->first;
      timers_.erase(first);
      return [this, name](const ProtocolMoment& at) { return behaviour_.timer(at, name); };
    }
    if (!waiting_.empty()) {
      Question question = std::move(waiting_.front());
      waiting_.pop_front();
      return question;
    }
    input_.wait(first == timers_.end() ? kNever : first->second);
  }
}

ProtocolEffects ProtocolNode::ask(Question question) {
  const ProtocolMoment at{index_, env_.clock.now(), stamp_reading(env_.clock.wall_now())};
  auto turn = std::make_shared<Turn>(
      Turn{kernel_, owner_, kernel_.current(), [&] { return question(at); }, {}});
  struct Abandon {
    Turn& turn;
    ~Abandon() { turn.abandoned = true; }
  } abandon{*turn};
  kernel_.after(Duration{}, [turn] {
    turn->kernel.when_running(turn->owner, [turn] {
      if (turn->abandoned) return;
      turn->answer = turn->question();
      turn->answered = true;
      turn->kernel.wake(turn->asker);
    });
  });
  while (!turn->answered) kernel_.park();
  return std::move(turn->answer);
}

Result<> ProtocolNode::perform(const ProtocolEffects& effects) {
  for (const ProtocolEffect& effect : effects) {
    if (Result<> done = perform(effect); !done) return done;
  }
  return {};
}

Result<> ProtocolNode::perform(const ProtocolEffect& effect) {
  switch (effect.kind) {
    case ProtocolEffect::Kind::kSend:
      send(effect);
      return {};
    case ProtocolEffect::Kind::kReply:
      reply(effect);
      return {};
    case ProtocolEffect::Kind::kSetTimer:
      timers_[effect.name] = env_.clock.now() + effect.after;
      return {};
    case ProtocolEffect::Kind::kCancelTimer:
      timers_.erase(effect.name);
      return {};
    case ProtocolEffect::Kind::kPersist:
      return storage_.put(effect.name, effect.bytes);
    case ProtocolEffect::Kind::kErase:
      return storage_.erase(effect.name);
    case ProtocolEffect::Kind::kSync:
      return storage_.sync();
  }
  return {};
}

void ProtocolNode::send(const ProtocolEffect& effect) {
  if (effect.to == index_) {
    waiting_.push_back([this, bytes = effect.bytes](const ProtocolMoment& at) {
      return behaviour_.message(at, index_, bytes);
    });
    return;
  }
  // Founding members have ids from 1, and no machine of a protocol changes its own.
  env_.transport.send(
      PeerMessage{kGroup, env_.self, NodeId{effect.to + 1}, to_message(effect.bytes)});
}

void ProtocolNode::reply(const ProtocolEffect& effect) {
  const auto asked = responders_.find(effect.request);
  if (asked == responders_.end()) return;
  ClientReply answer;
  answer.status = ClientReply::Status::kOk;
  answer.reply = Reply::bulk(effect.bytes);
  asked->second->reply(std::move(answer));
  responders_.erase(asked);
}

void ProtocolNode::on_message(PeerMessage message) {
  const std::string* bytes = bytes_of(message.message);
  SYNCHRODB_ASSERT(bytes != nullptr, "nodes of a protocol send each other bytes");
  const auto from = static_cast<std::uint32_t>(message.from.value - 1);
  waiting_.push_back([this, from, bytes = *bytes](const ProtocolMoment& at) {
    return behaviour_.message(at, from, bytes);
  });
  input_.set();
}

void ProtocolNode::on_request(ClientRequest request, std::unique_ptr<Responder> responder) {
  const std::uint64_t id = ++last_request_;
  responders_[id] = std::move(responder);
  waiting_.push_back([this, id, bytes = std::move(request.payload)](const ProtocolMoment& at) {
    return behaviour_.request(at, id, bytes);
  });
  input_.set();
}

}  // namespace synchrodb::sim
