// The messages between nodes; those of clients are in client_codec.cc.
#include "engine/wire/codec.h"

#include <type_traits>

#include "engine/wire/message_body.h"
#include "engine/wire/peer.capnp.h"

namespace synchrodb {
namespace {

using wire::as_data;
using wire::as_string;
using wire::FieldCheck;
using wire::words_for;

// Root pointer, envelope, and the largest message without what varies.
constexpr std::size_t kFixedWords = 24;
constexpr std::size_t kEntryWords = 6;

// How much of the message depends on its content, in words; an upper bound.
std::size_t content_words(const Message& message) {
  if (const auto* append = std::get_if<AppendRequest>(&message)) {
    std::size_t words = append->entries.empty() ? 0 : 1;
    for (const EntryRef& entry : append->entries) {
      words += kEntryWords + words_for(entry->payload().size());
    }
    return words;
  }
  if (const auto* chunk = std::get_if<SnapshotChunk>(&message)) {
    return words_for(encode_configuration(chunk->meta.configuration).size()) +
           (chunk->data ? words_for(chunk->data->size()) : 0);
  }
  return 0;
}

// --- Encoding

void write(wire::VoteRequest::Builder out, const VoteRequest& in) {
  out.setTerm(in.term.value);
  out.setPreVote(in.pre_vote);
  out.setTransfer(in.transfer);
  out.setLastIndex(in.last_index.value);
  out.setLastTerm(in.last_term.value);
  out.setPriority(in.priority);
}

void write(wire::VoteReply::Builder out, const VoteReply& in) {
  out.setTerm(in.term.value);
  out.setPreVote(in.pre_vote);
  out.setGranted(in.granted);
}

void write(wire::Entry::Builder out, const Entry& in) {
  out.setTerm(in.term().value);
  out.setIndex(in.index().value);
  out.setWrittenEarliest(in.written().earliest.ns);
  out.setWrittenLatest(in.written().latest.ns);
  out.setWrittenSynchronised(in.written().synchronised);
  out.setKind(static_cast<wire::EntryKind>(in.kind()));
  out.setPayload(as_data(in.payload()));
}

void write(wire::AppendRequest::Builder out, const AppendRequest& in) {
  out.setTerm(in.term.value);
  out.setPrevIndex(in.prev_index.value);
  out.setPrevTerm(in.prev_term.value);
  out.setCommit(in.commit.value);
  out.setRound(in.round);
  out.setRecovery(in.recovery);
  out.setRecoveryBound(in.recovery_bound.value);
  if (in.entries.empty()) return;
  auto entries = out.initEntries(static_cast<unsigned>(in.entries.size()));
  for (unsigned i = 0; i < entries.size(); ++i) write(entries[i], *in.entries[i]);
}

void write(wire::AppendReply::Builder out, const AppendReply& in) {
  out.setTerm(in.term.value);
  out.setSuccess(in.success);
  out.setIndex(in.index.value);
  out.setHintIndex(in.hint_index.value);
  out.setHintTerm(in.hint_term.value);
  out.setRound(in.round);
  out.setRecovery(in.recovery);
}

void write(wire::SnapshotMeta::Builder out, const SnapshotMeta& in) {
  out.setIndex(in.index.value);
  out.setTerm(in.term.value);
  out.setConfigurationIndex(in.configuration_index.value);
  out.setConfiguration(as_data(encode_configuration(in.configuration)));
}

void write(wire::SnapshotChunk::Builder out, const SnapshotChunk& in) {
  out.setTerm(in.term.value);
  write(out.initMeta(), in.meta);
  out.setOffset(in.offset);
  out.setTotal(in.total);
  out.setRound(in.round);
  if (in.data) out.setData(as_data(*in.data));
}

void write(wire::SnapshotReply::Builder out, const SnapshotReply& in) {
  out.setTerm(in.term.value);
  out.setIndex(in.index.value);
  out.setStatus(static_cast<wire::SnapshotReply::Status>(in.status));
  out.setNextOffset(in.next_offset);
  out.setRound(in.round);
}

void write(wire::TimeoutNow::Builder out, const TimeoutNow& in) {
  out.setTerm(in.term.value);
}

// The schema's enumerators are the code's, so that a cast converts.
static_assert(static_cast<int>(EntryKind::kConfiguration) ==
              static_cast<int>(wire::EntryKind::CONFIGURATION));
static_assert(static_cast<int>(SnapshotReply::Status::kRejected) ==
              static_cast<int>(wire::SnapshotReply::Status::REJECTED));

void write(wire::PeerMessage::Builder out, const PeerMessage& in) {
  out.setGroup(in.group.value);
  out.setFrom(in.from.value);
  out.setTo(in.to.value);
  std::visit(
      [&](const auto& message) {
        using T = std::decay_t<decltype(message)>;
        if constexpr (std::is_same_v<T, VoteRequest>) write(out.initVoteRequest(), message);
        if constexpr (std::is_same_v<T, VoteReply>) write(out.initVoteReply(), message);
        if constexpr (std::is_same_v<T, AppendRequest>) write(out.initAppendRequest(), message);
        if constexpr (std::is_same_v<T, AppendReply>) write(out.initAppendReply(), message);
        if constexpr (std::is_same_v<T, SnapshotChunk>) write(out.initSnapshotChunk(), message);
        if constexpr (std::is_same_v<T, SnapshotReply>) write(out.initSnapshotReply(), message);
        if constexpr (std::is_same_v<T, TimeoutNow>) write(out.initTimeoutNow(), message);
      },
      in.message);
  static_assert(std::variant_size_v<Message> == 7, "encode and decode each kind of message");
}

// --- Decoding

VoteRequest read(wire::VoteRequest::Reader in, FieldCheck& check) {
  VoteRequest out;
  out.term = check.term(in.getTerm(), "vote request.term");
  out.pre_vote = in.getPreVote();
  out.transfer = in.getTransfer();
  out.last_index = check.index(in.getLastIndex(), "vote request.last_index");
  out.last_term = check.term(in.getLastTerm(), "vote request.last_term");
  out.priority = in.getPriority();
  return out;
}

VoteReply read(wire::VoteReply::Reader in, FieldCheck& check) {
  VoteReply out;
  out.term = check.term(in.getTerm(), "vote reply.term");
  out.pre_vote = in.getPreVote();
  out.granted = in.getGranted();
  return out;
}

// Null, with the check failed, when the entry is not sound.
EntryRef read(wire::Entry::Reader in, FieldCheck& check) {
  const Term term = check.term(in.getTerm(), "term");
  const Index index = check.index(in.getIndex(), "index");
  WallInterval written;
  written.earliest = check.wall(in.getWrittenEarliest(), "written.earliest");
  written.latest = check.wall(in.getWrittenLatest(), "written.latest");
  written.synchronised = in.getWrittenSynchronised();
  check.require(written.earliest <= written.latest, "written", "ends before it begins");
  if (in.getKind() > wire::EntryKind::CONFIGURATION) {
    check.unknown("kind", static_cast<std::uint64_t>(in.getKind()));
  }
  const auto kind = static_cast<EntryKind>(in.getKind());
  std::string payload = as_string(in.getPayload());
  if (check.ok() && kind == EntryKind::kConfiguration) {
    check.require(decode_configuration(payload).has_value(), "payload", "not a configuration");
  }
  return check.ok() ? make_entry(term, index, kind, written, std::move(payload)) : nullptr;
}

AppendRequest read(wire::AppendRequest::Reader in, FieldCheck& check) {
  AppendRequest out;
  out.term = check.term(in.getTerm(), "append request.term");
  out.prev_index = check.index(in.getPrevIndex(), "append request.prev_index");
  out.prev_term = check.term(in.getPrevTerm(), "append request.prev_term");
  out.commit = check.index(in.getCommit(), "append request.commit");
  out.round = check.counter(in.getRound(), "append request.round");
  out.recovery = in.getRecovery();
  out.recovery_bound = check.index(in.getRecoveryBound(), "append request.recovery_bound");
  check.require(out.prev_term <= out.term, "append request.prev_term", "above the message's term");

  const auto entries = in.getEntries();
  out.entries.reserve(entries.size());
  Index previous = out.prev_index;
  Term floor = out.prev_term;
  for (unsigned i = 0; i < entries.size() && check.ok(); ++i) {
    check.enter("append request.entries", i);
    EntryRef entry = read(entries[i], check);
    if (entry == nullptr) break;
    check.require(entry->index() == previous.next(), "index", "not consecutive");
    check.require(entry->term() >= floor, "term", "below the entry before it");
    check.require(entry->term() <= out.term, "term", "above the message's term");
    previous = entry->index();
    floor = entry->term();
    out.entries.push_back(std::move(entry));
  }
  return out;
}

AppendReply read(wire::AppendReply::Reader in, FieldCheck& check) {
  AppendReply out;
  out.term = check.term(in.getTerm(), "append reply.term");
  out.success = in.getSuccess();
  out.index = check.index(in.getIndex(), "append reply.index");
  out.hint_index = check.index(in.getHintIndex(), "append reply.hint_index");
  out.hint_term = check.term(in.getHintTerm(), "append reply.hint_term");
  out.round = check.counter(in.getRound(), "append reply.round");
  out.recovery = in.getRecovery();
  return out;
}

SnapshotMeta read(wire::SnapshotMeta::Reader in, FieldCheck& check) {
  SnapshotMeta out;
  out.index = check.index(in.getIndex(), "snapshot chunk.meta.index");
  out.term = check.term(in.getTerm(), "snapshot chunk.meta.term");
  out.configuration_index =
      check.index(in.getConfigurationIndex(), "snapshot chunk.meta.configuration_index");
  check.require(out.configuration_index <= out.index, "snapshot chunk.meta.configuration_index",
                "above the snapshot's index");
  auto configuration = decode_configuration(as_string(in.getConfiguration()));
  check.require(configuration.has_value(), "snapshot chunk.meta.configuration",
                "not a configuration");
  if (configuration) out.configuration = *std::move(configuration);
  return out;
}

SnapshotChunk read(wire::SnapshotChunk::Reader in, FieldCheck& check) {
  SnapshotChunk out;
  out.term = check.term(in.getTerm(), "snapshot chunk.term");
  out.meta = read(in.getMeta(), check);
  out.offset = check.counter(in.getOffset(), "snapshot chunk.offset");
  out.total = check.counter(in.getTotal(), "snapshot chunk.total");
  out.round = check.counter(in.getRound(), "snapshot chunk.round");
  const auto data = in.getData();
  check.require(out.offset <= out.total && data.size() <= out.total - out.offset,
                "snapshot chunk.data", "ends behind the snapshot's total");
  out.data = std::make_shared<const std::string>(as_string(data));
  return out;
}

SnapshotReply read(wire::SnapshotReply::Reader in, FieldCheck& check) {
  SnapshotReply out;
  out.term = check.term(in.getTerm(), "snapshot reply.term");
  out.index = check.index(in.getIndex(), "snapshot reply.index");
  if (in.getStatus() > wire::SnapshotReply::Status::REJECTED) {
    check.unknown("snapshot reply.status", static_cast<std::uint64_t>(in.getStatus()));
  }
  out.status = static_cast<SnapshotReply::Status>(in.getStatus());
  out.next_offset = check.counter(in.getNextOffset(), "snapshot reply.next_offset");
  out.round = check.counter(in.getRound(), "snapshot reply.round");
  return out;
}

TimeoutNow read(wire::TimeoutNow::Reader in, FieldCheck& check) {
  return TimeoutNow{check.term(in.getTerm(), "timeout now.term")};
}

PeerMessage read_envelope(wire::PeerMessage::Reader in, FieldCheck& check) {
  PeerMessage out;
  out.group = GroupId{in.getGroup()};
  out.from = check.node(in.getFrom(), "from");
  out.to = check.node(in.getTo(), "to");
  using Kind = wire::PeerMessage::Which;
  switch (in.which()) {
    case Kind::VOTE_REQUEST:
      out.message = read(in.getVoteRequest(), check);
      break;
    case Kind::VOTE_REPLY:
      out.message = read(in.getVoteReply(), check);
      break;
    case Kind::APPEND_REQUEST:
      out.message = read(in.getAppendRequest(), check);
      break;
    case Kind::APPEND_REPLY:
      out.message = read(in.getAppendReply(), check);
      break;
    case Kind::SNAPSHOT_CHUNK:
      out.message = read(in.getSnapshotChunk(), check);
      break;
    case Kind::SNAPSHOT_REPLY:
      out.message = read(in.getSnapshotReply(), check);
      break;
    case Kind::TIMEOUT_NOW:
      out.message = read(in.getTimeoutNow(), check);
      break;
    default:
      check.unknown("message", static_cast<std::uint64_t>(in.which()));
  }
  return out;
}

}  // namespace

bool fits_frame(const PeerMessage& message) {
  return wire::words_fit_frame(kFixedWords + content_words(message.message));
}

std::string encode_frame(const PeerMessage& message) {
  SYNCHRODB_ASSERT(fits_frame(message), "a message must fit its frame");
  wire::FrameBuilder builder(kFixedWords + content_words(message.message));
  write(builder.initRoot<wire::PeerMessage>(), message);
  return builder.finish(FrameKind::kPeer);
}

Result<PeerMessage> decode_frame(std::string_view frame) {
  return wire::read_frame<wire::PeerMessage, PeerMessage>(frame, FrameKind::kPeer, "peer message",
                                                          read_envelope);
}

}  // namespace synchrodb
