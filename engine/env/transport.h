// Messages between nodes, and requests of clients.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "consensus/protocol.h"
#include "engine/env/result.h"
#include "engine/kv/reply.h"

namespace synchrodb {

// A message of one group between two nodes.
struct PeerMessage {
  GroupId group;
  NodeId from;
  NodeId to;
  Message message;
};

// What a client asks of a group.
struct ClientRequest {
  enum class Kind : std::uint8_t {
    kWrite,      // payload: an encoded kv request, to be replicated
    kRead,       // payload: an encoded kv request that only reads, linearizable
    kLeaseRead,  // linearizable while the lease holds, else as kRead
    kStaleRead,  // whatever this node has applied
    kChange,     // membership change
    kTransfer,   // leadership transfer to `target`; 0: to whom the leader chooses
    kStatus,
  } kind = Kind::kRead;
  GroupId group;
  std::string payload;         // kWrite, reads
  ConfigurationChange change;  // kChange
  NodeId target;               // kTransfer
};

struct ClientReply {
  enum class Status : std::uint8_t {
    kOk,
    kNotLeader,   // try `leader`; certainly not executed
    kRefused,     // certainly not executed: a change in progress, errors::kOutOfMemory …
    kUnknown,     // may or may not be executed, now or later
    kOverloaded,  // certainly not executed: too much is waiting already
  } status = Status::kUnknown;
  Reply reply;      // kOk
  NodeId leader;    // kNotLeader: 0 when unknown
  std::string why;  // kRefused, kOverloaded
  // Where in the history the operation took effect (witness of design 7): for a write the entry,
  // for a read the state that it saw.
  Term term;
  Index index;
};

// Answers one request, once. Dropping it unanswered makes the client time out.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void reply(ClientReply reply) = 0;
};

class PeerHandler {
 public:
  virtual ~PeerHandler() = default;
  // Both are called between fibers and must not park.
  virtual void on_message(PeerMessage message) = 0;
  virtual void on_request(ClientRequest request, std::unique_ptr<Responder> responder) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // One-way, unreliable, unordered. Never blocks; false: refused because the link's buffer is full
  // (the message is lost, as it may be anyway).
  virtual bool send(PeerMessage message) = 0;

  // Sends a request to a node. `done` is called exactly once unless the caller's Env dies first:
  // with the reply, or with kTimeout at the deadline (the outcome is then unknown), or with
  // kUnavailable when it certainly was not delivered. Must not park.
  using Done = std::function<void(Result<ClientReply>)>;
  virtual void call(NodeId to, ClientRequest request, Instant deadline, Done done) = 0;

  // Where arriving messages and requests go; null: nowhere.
  virtual void serve(PeerHandler* handler) = 0;
};

}  // namespace synchrodb
