// One process of a protocol: it asks the behaviour on the event loop, and carries out its effects
// on a fiber of the node's own, so that pauses, slowness and slow disks are felt.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/env/env.h"
#include "engine/env/sync.h"
#include "sim/kernel/kernel.h"
#include "sim/protocol/behaviour.h"
#include "sim/protocol/protocol_storage.h"

namespace synchrodb::sim {

class ProtocolNode final : public PeerHandler {
 public:
  // All outlive the node. `life`: from 1, counts the machine's starts.
  ProtocolNode(Kernel& kernel, Owner owner, Env& env, Behaviour& behaviour, const Streams& streams,
               std::uint32_t index, std::uint64_t life);
  ~ProtocolNode() override;

  // The body of the node's fiber; returns when its storage has failed.
  void run();
  // Null until the storage has been read.
  const ProtocolContents* contents() const { return serving_ ? &storage_.contents() : nullptr; }

  void on_message(PeerMessage message) override;
  void on_request(ClientRequest request, std::unique_ptr<Responder> responder) override;

 private:
  using Question = std::function<ProtocolEffects(const ProtocolMoment&)>;
  struct Turn;

  // Fiber only.
  ProtocolEffects ask(Question question);
  Result<> perform(const ProtocolEffects& effects);
  Result<> perform(const ProtocolEffect& effect);
  void send(const ProtocolEffect& effect);
  void reply(const ProtocolEffect& effect);
  Question next_question();
  Result<> serve();

  Kernel& kernel_;
  Owner owner_;
  Env& env_;
  Behaviour& behaviour_;
  const Streams& streams_;
  std::uint32_t index_;
  std::uint64_t life_;
  ProtocolStorage storage_;
  bool serving_ = false;
  Event input_;
  std::deque<Question> waiting_;
  std::map<std::string, Instant> timers_;
  std::map<std::uint64_t, std::unique_ptr<Responder>> responders_;
  std::uint64_t last_request_ = 0;
};

}  // namespace synchrodb::sim
