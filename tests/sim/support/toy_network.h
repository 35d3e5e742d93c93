// Nodes and clients that only note what reaches them, on a simulated network.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "consensus/hash.h"
#include "sim/clock/sim_clock.h"
#include "sim/network/network.h"

namespace synchrodb::sim {

inline TrueTime at_ms(std::int64_t ms) {
  return TrueTime{} + milliseconds(ms);
}

// A vote request whose term is a serial number.
inline PeerMessage numbered(std::uint64_t from, std::uint64_t to, std::uint64_t number) {
  VoteRequest vote;
  vote.term = Term{number};
  return PeerMessage{GroupId{1}, NodeId{from}, NodeId{to}, vote};
}

inline std::uint64_t number_of(const PeerMessage& message) {
  return std::get<VoteRequest>(message.message).term.value;
}

// Encodes numbered() messages, with a checksum or without.
inline NetworkCodec toy_codec(bool checksum) {
  NetworkCodec codec;
  codec.encode_message = [](const PeerMessage& message) {
    const std::uint64_t words[3] = {message.from.value, message.to.value, number_of(message)};
    std::string bytes(32, '\0');
    std::memcpy(bytes.data(), words, 24);
    const std::uint64_t sum = stable_hash(bytes.substr(0, 24));
    std::memcpy(bytes.data() + 24, &sum, 8);
    return bytes;
  };
  codec.decode_message = [checksum](std::string_view bytes) -> Result<PeerMessage> {
    std::uint64_t words[4];
    std::memcpy(words, bytes.data(), 32);
    if (checksum && words[3] != stable_hash(bytes.substr(0, 24))) {
      return Error{ErrorCode::kCorrupt, "checksum"};
    }
    return numbered(words[0], words[1], words[2]);
  };
  return codec;
}

struct ToyNode : PeerHandler {
  explicit ToyNode(Kernel& k) : kernel(k) {}

  void on_message(PeerMessage message) override {
    got.emplace_back(number_of(message), kernel.now());
    if (on_number) on_number(message);
  }
  void on_request(ClientRequest request, std::unique_ptr<Responder> responder) override {
    requests.push_back(request.payload);
    if (answering) {
      ClientReply reply;
      reply.status = ClientReply::Status::kOk;
      reply.index = Index{requests.size()};
      responder->reply(std::move(reply));
    } else {
      held.push_back(std::move(responder));
    }
  }

  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> all;
    for (const auto& item : got) all.push_back(item.first);
    return all;
  }

  Kernel& kernel;
  std::vector<std::pair<std::uint64_t, TrueTime>> got;
  std::vector<std::string> requests;
  std::vector<std::unique_ptr<Responder>> held;
  std::function<void(const PeerMessage&)> on_number;
  bool answering = true;
};

// Nodes 1 … n and one client with id 100.
struct ToyNetwork {
  ToyNetwork(std::uint64_t key, std::uint64_t count, NetworkOptions options = {})
      : network(kernel, Streams(key), counters, std::move(options)) {
    for (std::uint64_t id = 1; id <= count; ++id) add(id);
    add(100);
    transports[100]->serve(nullptr);
  }
  ~ToyNetwork() { kernel.shutdown(); }

  void add(std::uint64_t id) {
    owners[id] = kernel.add_owner("node");
    clocks[id] = std::make_unique<SimClock>(kernel, owners[id], id, counters);
    nodes[id] = std::make_unique<ToyNode>(kernel);
    transports[id] = network.attach(NodeId{id}, owners[id], *clocks[id]);
    transports[id]->open();
    transports[id]->serve(nodes[id].get());
  }
  void send(std::uint64_t from, std::uint64_t to, std::uint64_t number) {
    transports[from]->send(numbered(from, to, number));
  }
  // Messages `first` … `last`, one a millisecond, from now on.
  void send_series(std::uint64_t from, std::uint64_t to, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i) {
      kernel.after(milliseconds(static_cast<std::int64_t>(i - first)),
                   [this, from, to, i] { send(from, to, i); });
    }
  }
  void crash(std::uint64_t id) {
    transports[id]->close();
    kernel.kill_owner(owners[id]);
  }
  void restart(std::uint64_t id) {
    transports[id]->open();
    transports[id]->serve(nodes[id].get());
  }
  void run_ms(std::int64_t ms) { kernel.run(kernel.now() + milliseconds(ms)); }
  FaultCounter count(FaultKind kind) const { return counters[kind]; }

  FaultCounters counters;
  Kernel kernel;
  std::map<std::uint64_t, Owner> owners;
  std::map<std::uint64_t, std::unique_ptr<SimClock>> clocks;
  std::map<std::uint64_t, std::unique_ptr<ToyNode>> nodes;
  Network network;
  std::map<std::uint64_t, std::unique_ptr<NodeTransport>> transports;
};

}  // namespace synchrodb::sim
