#include "engine/replica/replica.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/defects.h"
#include "engine/kv/command.h"
#include "engine/replica/snapshot_seal.h"

namespace synchrodb {
namespace {

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
      storage_(storage),
      writer_(writer),
      protocol_(std::move(protocol)),
      input_(env.fibers) {
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
  snapshot_requested_ = true;
  input_.set();
}

void Replica::on_written(IoId last) {
  written_ = last;
  input_.set();
}

void Replica::on_staged(const SnapshotMeta& meta, bool intact) {
  staged_.push_back(Staged{meta, intact});
  input_.set();
}

void Replica::on_snapshot_saved(const SnapshotMeta& meta) {
  saved_.push_back(meta);
  input_.set();
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
    perform(effects_);
    snapshot_if_due();
    input_.wait(std::min(effects_.deadline, stamp_deadline(now)));
  }
}

void Replica::take_input(const Now& now) {
  if (written_ > reported_) {
    reported_ = written_;
    protocol_->on_durable(now, reported_);
    report_durable();
    release_gated();
  }
  for (const Staged& staged : std::exchange(staged_, {})) {
    const bool whole = staged.intact && staged.meta == incoming_.meta &&
                       open_snapshot(incoming_.state).has_value();
    protocol_->on_snapshot_staged(now, staged.meta, whole);
  }
  for (const SnapshotMeta& meta : std::exchange(saved_, {})) {
    snapshot_in_progress_ = false;
    if (meta.index > snapshot_meta_.index) {
      snapshot_meta_ = meta;
      snapshot_.reset();
    }
    protocol_->on_snapshot_taken(meta);
  }
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
      ClientReply answer = not_leader();
      if (protocol_->transfer(now, request.target)) answer.status = ClientReply::Status::kOk;
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

void Replica::propose(const Now& now, Asked asked) {
  if (asked.request.payload.size() > kMaxRequestBytes) {
    asked.responder->reply(refused("the request is too large", false));
    return;
  }
  ProposeResult result = protocol_->propose(now, std::move(asked.request.payload));
  if (const auto* at = std::get_if<Proposed>(&result)) {
    writes_.add(*at, std::move(asked.responder));
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

void Replica::perform(Effects& effects) {
  for (const TraceEvent& event : effects.trace) env_.observer.on_trace(group_, event);
  if (effects.append) {
    if (effects.append->piece) keep_piece(*effects.append->piece);
    if (!effects.append->entries.empty()) {
      env_.observer.on_appended(group_, effects.append->entries);
    }
    if (effects.append->install) installing_ = std::exchange(incoming_, Incoming{});
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
  for (const SnapshotSend& send : effects.snapshots) send_snapshot(send);
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

void Replica::apply(const std::vector<EntryRef>& entries) {
  for (const EntryRef& entry : entries) {
    // Part of a snapshot that was installed in the place of an older one.
    if (entry->index() <= state_machine_.applied()) continue;
    Reply result = state_machine_.apply(*entry);
    applied_term_ = entry->term();
    bytes_since_snapshot_ += entry->size();
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
  while (auto ready = reads_.next_ready(state_machine_.applied())) {
    auto& [index, read] = *ready;
    env_.observer.on_read_served(group_, index, state_machine_.applied(), read.mode);
    read.responder->reply(read_reply(read.request));
  }
}

// ---- snapshots -------------------------------------------------------------------------------

void Replica::keep_piece(const SnapshotPiece& piece) {
  if (!(piece.meta == incoming_.meta) || piece.offset == 0) {
    incoming_ = Incoming{piece.meta, std::string(), 0};
    incoming_.state.reserve(piece.total);
  }
  // Pieces come in order: consensus asks for the first byte that is missing.
  if (piece.offset > incoming_.state.size()) return;
  incoming_.state.resize(piece.offset);
  incoming_.state.append(*piece.data);
}

void Replica::restore(const SnapshotMeta& meta) {
  const bool backwards = defect(Defect::kOlderSnapshotOverwritesLog) && installing_.meta == meta;
  if (meta.index <= state_machine_.applied() && !backwards) {
    return;  // what this node has applied already contains it
  }
  SYNCHRODB_ASSERT(installing_.meta.index >= meta.index,
                   "a snapshot is installed from the pieces received");
  const std::optional<std::string_view> state = open_snapshot(installing_.state);
  SYNCHRODB_ASSERT(state.has_value(), "an installed snapshot was verified when it was staged");
  const Result<> restored = state_machine_.restore(*state);
  SYNCHRODB_ASSERT(restored.ok(), "a verified snapshot can be restored");
  const SnapshotMeta& installed = installing_.meta;
  applied_term_ = installed.term;
  snapshot_meta_ = installed;
  bytes_since_snapshot_ = 0;
  env_.observer.on_restored(group_, installed, state_machine_.digest());
  // Whether those writes are part of the snapshot cannot be told from here.
  for (auto& responder : writes_.take_up_to(installed.index)) responder->reply(ClientReply{});
  snapshot_ = std::make_shared<const std::string>(std::move(installing_.state));
  installing_ = Incoming{};
  protocol_->on_applied(state_machine_.applied());
  serve_ready_reads();
}

Result<> Replica::restore_from_disk(const SnapshotMeta& meta) {
  Result<StoredSnapshot> sealed = storage_.read_snapshot(group_);
  if (!sealed) return sealed.error();
  SYNCHRODB_ASSERT(sealed.value().meta == meta, "nothing replaces a snapshot before the start");
  const std::optional<std::string_view> state = open_snapshot(*sealed.value());
  if (!state) return Error{ErrorCode::kCorrupt, "the snapshot's seal is broken"};
  if (Result<> restored = state_machine_.restore(*state); !restored) return restored;
  applied_term_ = meta.term;
  snapshot_meta_ = meta;
  protocol_->on_applied(state_machine_.applied());
  env_.observer.on_restored(group_, meta, state_machine_.digest());
  return {};
}

void Replica::snapshot_if_due() {
  const bool due = snapshot_requested_ || bytes_since_snapshot_ >= options_.snapshot_every_bytes;
  if (!due || snapshot_in_progress_) return;
  snapshot_requested_ = false;
  if (state_machine_.applied() <= snapshot_meta_.index) return;
  SnapshotJob job;
  job.group = group_;
  job.meta = protocol_->snapshot_meta(state_machine_.applied());
  state_machine_.serialize(job.state);
  seal_snapshot(job.state);
  env_.observer.on_snapshot_taken(group_, job.meta, job.state.size());
  snapshot_in_progress_ = true;
  bytes_since_snapshot_ = 0;
  writer_.submit(std::move(job));
}

void Replica::send_snapshot(const SnapshotSend& send) {
  if (snapshot_ != nullptr) {
    send_chunk(send);
    return;
  }
  sends_waiting_.push_back(send);
  if (snapshot_loading_) return;
  snapshot_loading_ = true;
  env_.fibers.spawn("snapshot-load", [this] { load_snapshot(); });
}

// In a fiber of its own, so that a slow disk holds up no heartbeat.
void Replica::load_snapshot() {
  Result<StoredSnapshot> loaded = storage_.read_snapshot(group_);
  snapshot_loading_ = false;
  std::vector<SnapshotSend> waiting = std::exchange(sends_waiting_, {});
  // A newer one may be on the disk before this replica has heard of it; consensus asks again.
  if (loaded && loaded.value().meta != snapshot_meta_) return;
  if (!loaded || !open_snapshot(*loaded.value())) {
    request_snapshot();  // the disk's copy is damaged: make a new one from memory
    return;
  }
  snapshot_ = std::move(loaded).value().state;
  for (const SnapshotSend& send : waiting) send_chunk(send);
}

void Replica::send_chunk(const SnapshotSend& send) {
  const std::string& state = *snapshot_;
  const std::uint64_t offset = send.index == snapshot_meta_.index ? send.offset : 0;
  if (offset > state.size()) return;
  SnapshotChunk chunk;
  chunk.term = send.term;
  chunk.meta = snapshot_meta_;
  chunk.offset = offset;
  chunk.total = state.size();
  chunk.data = std::make_shared<const std::string>(state.substr(offset, send.max_bytes));
  chunk.round = send.round;
  env_.transport.send(PeerMessage{group_, env_.self, send.to, std::move(chunk)});
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
