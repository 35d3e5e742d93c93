#include "engine/replica/replica.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "engine/kv/command.h"
#include "engine/kv/errors.h"
#include "engine/replica/successor.h"

namespace synchrodb {
namespace {

constexpr std::size_t kLargestPrefetched = 4 * 1024;

ClientReply refused(std::string why, bool overloaded) {
  ClientReply reply;
  reply.status = overloaded ? ClientReply::Status::kOverloaded : ClientReply::Status::kRefused;
  reply.why = std::move(why);
  return reply;
}

std::string why_text(Refused::Why why) {
  switch (why) {
    case Refused::Why::kTooMuchUncommitted:
      return "too much is uncommitted";
    case Refused::Why::kTransferring:
      return "leadership is being transferred";
    case Refused::Why::kChangeInProgress:
      return "a membership change is in progress";
    case Refused::Why::kNotReady:
      return "no entry of the own term is committed yet";
    case Refused::Why::kInvalidChange:
      return "the change leads to no valid configuration";
  }
  return "refused";
}

}  // namespace

Replica::Replica(Env& env, GroupId group, const ReplicaOptions& options, Storage& storage,
                 Writer& writer, std::unique_ptr<Protocol> protocol)
    : env_(env),
      group_(group),
      options_(options),
      writer_(writer),
      protocol_(std::move(protocol)),
      input_(env.fibers),
      snapshots_(env, group, options.snapshot, storage, writer, *protocol_, state_machine_,
                 input_) {
  writer_.attach(group_, this);
}

// ---- input -----------------------------------------------------------------------------------

void Replica::receive(NodeId from, Message message) {
  messages_.emplace_back(from, std::move(message));
  input_.set();
}

void Replica::request(ClientRequest request, std::unique_ptr<Responder> responder) {
  if (writes_.size() + reads_.size() + requests_.size() >= options_.max_pending_requests) {
    responder->reply(refused("too many requests are waiting", true));
    return;
  }
  requests_.push_back(Asked{std::move(request), std::move(responder)});
  input_.set();
}

void Replica::request_snapshot() {
  snapshots_.request();
}

void Replica::on_written(IoId last) {
  written_ = last;
  input_.set();
}

void Replica::on_staged(const SnapshotMeta& meta, bool intact) {
  snapshots_.on_staged(meta, intact);
}

NextPiece Replica::next_snapshot_piece(std::string& out) {
  return snapshots_.next_piece(out);
}

void Replica::on_snapshot_ended(const SnapshotMeta& meta, bool saved) {
  snapshots_.on_ended(meta, saved);
}

// ---- the loop --------------------------------------------------------------------------------

void Replica::run() {
  report_durable();
  while (true) {
    const Now now = env_.clock.both();
    take_input(now);
    if (now.mono >= effects_.deadline) protocol_->timeout(now);
    propose_stamp_if_due(now);
    protocol_->drain(now, effects_);
    hand_on(effects_);
    // Others write and send what was handed on while entries are applied here.
    if (hands_on(effects_) && !effects_.apply.empty()) sleep_until(env_.fibers, now.mono);
    finish(effects_);
    snapshots_.begin_if_due();
    const bool more = snapshots_.tidy();
    input_.wait(more ? now.mono : std::min(effects_.deadline, stamp_deadline(now)));
  }
}

void Replica::take_input(const Now& now) {
  if (written_ > reported_) {
    reported_ = written_;
    protocol_->on_durable(now, reported_);
    report_durable();
    release_gated();
  }
  snapshots_.report(now);
  stepping_.swap(messages_);
  for (auto& [from, message] : stepping_) protocol_->step(now, from, std::move(message));
  stepping_.clear();
  handling_.swap(requests_);
  for (Asked& asked : handling_) handle(now, std::move(asked));
  handling_.clear();
}

void Replica::report_durable() {
  const ProtocolStatus status = protocol_->status();
  env_.observer.on_durable(group_, status.durable, status.durable_term);
}

void Replica::handle(const Now& now, Asked asked) {
  ClientRequest& request = asked.request;
  switch (request.kind) {
    case ClientRequest::Kind::kWrite:
      propose(now, std::move(asked));
      return;
    case ClientRequest::Kind::kRead:
    case ClientRequest::Kind::kLeaseRead: {
      const ReadMode mode =
          request.kind == ClientRequest::Kind::kRead ? ReadMode::kReadIndex : ReadMode::kLease;
      const ReadId id = reads_.add({std::move(request.payload), mode, std::move(asked.responder)});
      protocol_->read(now, id, mode);
      return;
    }
    case ClientRequest::Kind::kStaleRead:
      asked.responder->reply(read_reply(request.payload));
      return;
    case ClientRequest::Kind::kChange: {
      const ProposeResult result = protocol_->change(now, request.change);
      if (const auto* at = std::get_if<Proposed>(&result)) {
        writes_.add(*at, std::move(asked.responder));
      } else {
        reply(*asked.responder, result);
      }
      return;
    }
    case ClientRequest::Kind::kTransfer: {
      const NodeId target = request.target ? request.target : best_successor(*protocol_);
      ClientReply answer = not_leader();
      if (target && protocol_->transfer(now, target)) answer.status = ClientReply::Status::kOk;
      asked.responder->reply(std::move(answer));
      return;
    }
    case ClientRequest::Kind::kStatus: {
      const ProtocolStatus status = protocol_->status();
      ClientReply answer = not_leader();
      answer.status = ClientReply::Status::kOk;
      answer.term = status.term;
      answer.index = status.applied;
      asked.responder->reply(std::move(answer));
      return;
    }
  }
}

// Decided before anything is in the log, so that a refused request certainly is not executed.
bool Replica::out_of_memory(const std::string& payload) const {
  return options_.max_memory_bytes > 0 &&
         state_machine_.memory_bytes() > options_.max_memory_bytes &&
         protocol_->status().role == Role::kLeader && state_machine_.may_need_memory(payload);
}

// Whoever asked before has given up.
bool Replica::waits_already(const RequestName& name, std::unique_ptr<Responder>& responder) {
  const std::optional<Proposed> at = writes_.find(name);
  // In a leader's own log: it will be applied, or overwritten, which is told as well.
  if (!at || protocol_->status().role != Role::kLeader) return false;
  if (protocol_->term_at(at->index) != at->term) return false;
  writes_.replace(*at, std::move(responder))->reply(ClientReply{});
  return true;
}

void Replica::propose(const Now& now, Asked asked) {
  if (asked.request.payload.size() > kMaxRequestBytes) {
    asked.responder->reply(refused("the request is too large", false));
    return;
  }
  if (out_of_memory(asked.request.payload)) {
    asked.responder->reply(refused(std::string(errors::kOutOfMemory), false));
    return;
  }
  std::optional<RequestName> name;
  if (options_.repeated_writes_wait) name = name_of(asked.request.payload);
  if (name && waits_already(*name, asked.responder)) return;
  ProposeResult result = protocol_->propose(now, std::move(asked.request.payload));
  if (const auto* at = std::get_if<Proposed>(&result)) {
    writes_.add(*at, std::move(asked.responder), name);
  } else {
    reply(*asked.responder, result);
  }
}

// Expiry is evaluated at the stamp of the last applied entry, so an idle leader must move the stamp
// on by an entry of its own once a key is due.
void Replica::propose_stamp_if_due(const Now& now) {
  if (stamp_proposed_ > state_machine_.applied() || !state_machine_.stamp_due(now.wall)) return;
  if (protocol_->status().role != Role::kLeader) return;
  Request stamp;
  stamp.kind = RequestKind::kStamp;
  const ProposeResult result = protocol_->propose(now, encode(stamp));
  if (const auto* at = std::get_if<Proposed>(&result)) stamp_proposed_ = at->index;
}

Instant Replica::stamp_deadline(const Now& now) const {
  if (stamp_proposed_ > state_machine_.applied() || !state_machine_.earliest_expiry())
    return kNever;
  if (protocol_->status().role != Role::kLeader) return kNever;
  const Duration until = state_machine_.next_stamp_due() - stamp_reading(now.wall);
  return now.mono + std::max(until, milliseconds(1));
}

// ---- effects ---------------------------------------------------------------------------------

bool Replica::hands_on(const Effects& effects) {
  return effects.append || !effects.send.empty() || !effects.gated.empty();
}

void Replica::hand_on(Effects& effects) {
  for (const TraceEvent& event : effects.trace) env_.observer.on_trace(group_, event);
  if (effects.append) {
    if (effects.append->piece) snapshots_.receive(*effects.append->piece);
    if (!effects.append->entries.empty()) {
      env_.observer.on_appended(group_, effects.append->entries);
    }
    if (effects.append->install) snapshots_.install();
    writer_.submit(group_, std::move(*effects.append));
  }
  for (OutgoingMessage& out : effects.send) {
    env_.transport.send(PeerMessage{group_, env_.self, out.to, std::move(out.message)});
  }
  for (GatedMessage& gated : effects.gated) {
    if (gated.after <= written_) {
      env_.transport.send(PeerMessage{group_, env_.self, gated.to, std::move(gated.message)});
    } else {
      gated_.push_back(std::move(gated));
    }
  }
  for (const SnapshotSend& send : effects.snapshots) snapshots_.send(send);
}

void Replica::finish(const Effects& effects) {
  if (effects.restore) restore(*effects.restore);
  apply(effects.apply);
  answer_reads(effects.reads);
}

void Replica::release_gated() {
  while (!gated_.empty() && gated_.front().after <= written_) {
    GatedMessage& gated = gated_.front();
    env_.transport.send(PeerMessage{group_, env_.self, gated.to, std::move(gated.message)});
    gated_.pop_front();
  }
}

// `payload_of` gives the payload of each of `count`, or nothing for what cannot be prefetched.
template <class PayloadOf>
void Replica::prefetch(std::size_t count, PayloadOf payload_of) const {
  std::array<std::string_view, StateMachine::kPrefetchedAtOnce> payloads;
  std::size_t found = 0;
  for (std::size_t i = 0; i < std::min(count, payloads.size()); ++i) {
    const std::string_view payload = payload_of(i);
    // A large one has many commands, which see to themselves, or a value that outweighs a lookup.
    if (!payload.empty() && payload.size() <= kLargestPrefetched) payloads[found++] = payload;
  }
  // One alone would be waited for at once.
  if (found > 1) state_machine_.prefetch({payloads.data(), found});
}

void Replica::apply(const std::vector<EntryRef>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i % StateMachine::kPrefetchedAtOnce == 0) {
      prefetch(entries.size() - i, [&](std::size_t ahead) -> std::string_view {
        const EntryRef& later = entries[i + ahead];
        return later->kind() == EntryKind::kCommand ? later->payload() : std::string_view{};
      });
    }
    const EntryRef& entry = entries[i];
    // Part of a snapshot that was installed in the place of an older one.
    if (entry->index() <= state_machine_.applied()) continue;
    Reply result = state_machine_.apply(*entry);
    applied_term_ = entry->term();
    snapshots_.note_applied(entry->size());
    env_.observer.on_applied(group_, *entry, state_machine_.digest());
    overwritten_.clear();
    std::unique_ptr<Responder> waiting =
        writes_.resolve(entry->term(), entry->index(), overwritten_);
    for (auto& responder : overwritten_) responder->reply(not_leader());
    if (waiting != nullptr) {
      ClientReply answer;
      answer.status = ClientReply::Status::kOk;
      answer.reply = std::move(result);
      answer.term = entry->term();
      answer.index = entry->index();
      waiting->reply(std::move(answer));
    }
  }
  if (entries.empty()) return;
  protocol_->on_applied(state_machine_.applied());
  serve_ready_reads();
}

void Replica::answer_reads(const std::vector<ReadReady>& reads) {
  for (const ReadReady& ready : reads) {
    std::optional<PendingReads::Read> read = reads_.take(ready.id);
    if (!read) continue;
    if (!ready.ok) {
      read->responder->reply(not_leader());
    } else {
      reads_.wait_for(ready.index, std::move(*read));
    }
  }
  serve_ready_reads();
}

void Replica::serve_ready_reads() {
  reads_.take_ready(state_machine_.applied(), serving_);
  for (std::size_t i = 0; i < serving_.size(); ++i) {
    if (i % StateMachine::kPrefetchedAtOnce == 0) {
      prefetch(serving_.size() - i, [&](std::size_t ahead) -> std::string_view {
        return serving_[i + ahead].read.request;
      });
    }
    const auto& [index, read] = serving_[i];
    env_.observer.on_read_served(group_, index, state_machine_.applied(), read.mode);
    read.responder->reply(read_reply(read.request));
  }
  serving_.clear();
}

// ---- snapshots -------------------------------------------------------------------------------

void Replica::restore(const SnapshotMeta& meta) {
  const std::optional<SnapshotMeta> installed = snapshots_.restore(meta);
  if (!installed) return;
  applied_term_ = installed->term;
  env_.observer.on_restored(group_, *installed, state_machine_.digest());
  // Whether those writes are part of the snapshot cannot be told from here.
  for (auto& responder : writes_.take_up_to(installed->index)) responder->reply(ClientReply{});
  protocol_->on_applied(state_machine_.applied());
  serve_ready_reads();
}

Result<> Replica::restore_from_disk(const SnapshotMeta& meta) {
  if (Result<> restored = snapshots_.restore_from_disk(meta); !restored) return restored;
  applied_term_ = meta.term;
  protocol_->on_applied(state_machine_.applied());
  env_.observer.on_restored(group_, meta, state_machine_.digest());
  return {};
}

// ---- replies ---------------------------------------------------------------------------------

void Replica::reply(Responder& responder, ProposeResult result) const {
  if (const auto* refusal = std::get_if<Refused>(&result)) {
    const bool overloaded = refusal->why == Refused::Why::kTooMuchUncommitted;
    responder.reply(refused(why_text(refusal->why), overloaded));
  } else {
    responder.reply(not_leader());
  }
}

ClientReply Replica::not_leader() const {
  ClientReply reply;
  reply.status = ClientReply::Status::kNotLeader;
  reply.leader = protocol_->status().leader;
  return reply;
}

ClientReply Replica::read_reply(std::string_view request) const {
  ClientReply reply;
  reply.status = ClientReply::Status::kOk;
  reply.reply = state_machine_.read_encoded(request);
  reply.term = applied_term_;
  reply.index = state_machine_.applied();
  return reply;
}

}  // namespace synchrodb
