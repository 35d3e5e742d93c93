// Generators of wire messages, and their equality field by field. The structured bindings stop
// compiling when a message gains a field, so that none is forgotten in the encoding.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "engine/wire/codec.h"

namespace synchrodb::wire_test {

// --- Equality

inline bool same(const EntryRef& a, const EntryRef& b) {
  return a->digest() == b->digest() && a->term() == b->term() && a->index() == b->index() &&
         a->kind() == b->kind() && a->written() == b->written() && a->payload() == b->payload();
}

inline bool same(const VoteRequest& a, const VoteRequest& b) {
  const auto& [term, pre_vote, transfer, last_index, last_term, priority] = a;
  return std::tie(term, pre_vote, transfer, last_index, last_term, priority) ==
         std::tie(b.term, b.pre_vote, b.transfer, b.last_index, b.last_term, b.priority);
}

inline bool same(const VoteReply& a, const VoteReply& b) {
  const auto& [term, pre_vote, granted] = a;
  return std::tie(term, pre_vote, granted) == std::tie(b.term, b.pre_vote, b.granted);
}

inline bool same(const AppendRequest& a, const AppendRequest& b) {
  const auto& [term, prev_index, prev_term, commit, round, entries, recovery, recovery_bound] = a;
  return std::tie(term, prev_index, prev_term, commit, round, recovery, recovery_bound) ==
             std::tie(b.term, b.prev_index, b.prev_term, b.commit, b.round, b.recovery,
                      b.recovery_bound) &&
         std::equal(entries.begin(), entries.end(), b.entries.begin(), b.entries.end(),
                    [](const EntryRef& x, const EntryRef& y) { return same(x, y); });
}

inline bool same(const AppendReply& a, const AppendReply& b) {
  const auto& [term, success, index, hint_index, hint_term, round, recovery] = a;
  return std::tie(term, success, index, hint_index, hint_term, round, recovery) ==
         std::tie(b.term, b.success, b.index, b.hint_index, b.hint_term, b.round, b.recovery);
}

inline bool same(const SnapshotChunk& a, const SnapshotChunk& b) {
  const auto& [term, meta, offset, total, data, round] = a;
  return std::tie(term, meta, offset, total, *data, round) ==
         std::tie(b.term, b.meta, b.offset, b.total, *b.data, b.round);
}

inline bool same(const SnapshotReply& a, const SnapshotReply& b) {
  const auto& [term, index, status, next_offset, round] = a;
  return std::tie(term, index, status, next_offset, round) ==
         std::tie(b.term, b.index, b.status, b.next_offset, b.round);
}

inline bool same(const TimeoutNow& a, const TimeoutNow& b) {
  const auto& [term] = a;
  return term == b.term;
}

inline bool same(const PeerMessage& a, const PeerMessage& b) {
  const auto& [group, from, to, message] = a;
  if (std::tie(group, from, to) != std::tie(b.group, b.from, b.to)) return false;
  if (message.index() != b.message.index()) return false;
  return std::visit(
      [&](const auto& value) {
        return same(value, std::get<std::decay_t<decltype(value)>>(b.message));
      },
      message);
}

inline bool same(const ClientRequest& a, const ClientRequest& b) {
  const auto& [kind, group, payload, change, target] = a;
  const auto& [add_voters, add_learners, remove] = change;
  return std::tie(kind, group, payload, target, add_voters, add_learners, remove) ==
         std::tie(b.kind, b.group, b.payload, b.target, b.change.add_voters, b.change.add_learners,
                  b.change.remove);
}

inline bool same(const ClientReply& a, const ClientReply& b) {
  const auto& [status, reply, leader, why, term, index] = a;
  return std::tie(status, reply, leader, why, term, index) ==
         std::tie(b.status, b.reply, b.leader, b.why, b.term, b.index);
}

// --- Generators of sound messages; each draws within a property.

// Uniform in [0, bound), whatever size the property has reached.
inline int pick(int bound) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, bound));
}

inline std::uint64_t any_word() {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>());
}

// Small and huge numbers alike, all below 2^62.
inline std::uint64_t any_count() {
  const auto bits = pick(63);
  return any_word() & ((std::uint64_t{1} << bits) - 1);
}
inline std::uint64_t count_below(std::uint64_t bound) {
  return bound == 0 ? 0 : any_word() % bound;
}
inline Term any_term() {
  return {any_count()};
}
inline Index any_index() {
  return {any_count()};
}
inline NodeId any_node() {
  return {*rc::gen::nonZero<std::uint64_t>()};
}
inline bool any_bool() {
  return *rc::gen::arbitrary<bool>();
}

// Every length from nothing to a few words, and every byte value.
inline std::string any_bytes(int longest = 40) {
  const auto length = static_cast<std::size_t>(pick(longest + 1));
  const auto bytes = *rc::gen::resize(
      rc::kNominalSize,
      rc::gen::container<std::vector<std::uint8_t>>(length, rc::gen::arbitrary<std::uint8_t>()));
  return std::string(bytes.begin(), bytes.end());
}

inline WallInterval any_interval() {
  const auto sign = any_bool() ? 1 : -1;
  const auto a = sign * static_cast<std::int64_t>(any_count());
  const auto b = sign * static_cast<std::int64_t>(any_count());
  return {{std::min(a, b)}, {std::max(a, b)}, any_bool()};
}

inline Configuration any_configuration() {
  const auto draw = [](std::uint64_t base, int least, int most) {
    std::vector<NodeId> nodes;
    std::uint64_t id = base;
    for (int n = least + pick(most - least + 1); n > 0; --n) {
      id += 1 + count_below(1000);
      nodes.push_back({id});
    }
    return nodes;
  };
  Configuration configuration;
  configuration.voters = draw(0, 1, 7);
  configuration.outgoing = any_bool() ? draw(0, 1, 7) : std::vector<NodeId>{};
  configuration.learners = draw(1'000'000, 0, 3);
  // The flag means nothing, and need not be kept, outside joint consensus.
  configuration.auto_leave = configuration.joint() ? any_bool() : true;
  return configuration;
}

inline EntryRef any_entry(Term term, Index index) {
  const auto kind =
      *rc::gen::element(EntryKind::kNoop, EntryKind::kCommand, EntryKind::kConfiguration);
  std::string payload =
      kind == EntryKind::kConfiguration ? encode_configuration(any_configuration()) : any_bytes();
  return make_entry(term, index, kind, any_interval(), std::move(payload));
}

inline AppendRequest any_append() {
  AppendRequest append;
  append.prev_index = {any_count() / 2};
  append.prev_term = {any_count() / 2};
  append.commit = any_index();
  append.round = any_count();
  append.recovery = any_word();
  append.recovery_bound = any_index();
  Term term = append.prev_term;
  Index index = append.prev_index;
  for (int n = pick(6); n > 0; --n) {
    term.value += count_below(3);
    index = index.next();
    append.entries.push_back(any_entry(term, index));
  }
  append.term = {term.value + count_below(5)};
  return append;
}

inline SnapshotChunk any_chunk() {
  SnapshotChunk chunk;
  chunk.term = any_term();
  chunk.meta.index = any_index();
  chunk.meta.term = any_term();
  chunk.meta.configuration = any_configuration();
  chunk.meta.configuration_index = {count_below(chunk.meta.index.value + 1)};
  chunk.data = std::make_shared<const std::string>(any_bytes(200));
  chunk.offset = any_count() / 2;
  chunk.total = chunk.offset + chunk.data->size() + count_below(1000);
  chunk.round = any_count();
  return chunk;
}

inline Message any_message() {
  switch (pick(7)) {
    case 0:
      return VoteRequest{any_term(), any_bool(), any_bool(), any_index(), any_term(), any_word()};
    case 1:
      return VoteReply{any_term(), any_bool(), any_bool()};
    case 2:
      return any_append();
    case 3:
      return AppendReply{any_term(), any_bool(),  any_index(), any_index(),
                         any_term(), any_count(), any_word()};
    case 4:
      return any_chunk();
    case 5:
      return SnapshotReply{
          any_term(), any_index(),
          *rc::gen::element(SnapshotReply::Status::kWant, SnapshotReply::Status::kInstalled,
                            SnapshotReply::Status::kRejected),
          any_count(), any_count()};
    default:
      return TimeoutNow{any_term()};
  }
}

inline PeerMessage any_peer_message() {
  return {GroupId{any_word()}, any_node(), any_node(), any_message()};
}

inline std::vector<NodeId> any_nodes() {
  std::vector<NodeId> nodes;
  for (int n = pick(4); n > 0; --n) nodes.push_back(any_node());
  return nodes;
}

inline ClientRequest any_request() {
  using Kind = ClientRequest::Kind;
  ClientRequest request;
  request.kind = *rc::gen::element(Kind::kWrite, Kind::kRead, Kind::kLeaseRead, Kind::kStaleRead,
                                   Kind::kChange, Kind::kTransfer, Kind::kStatus);
  request.group = {any_word()};
  request.payload = "p" + any_bytes();
  request.change = {any_nodes(), any_nodes(), any_nodes()};
  request.target = {any_word()};
  return request;
}

inline Reply any_reply(int depth) {
  switch (pick(depth > 0 ? 12 : 9)) {
    case 0:
      return Reply::nil();
    case 1:
      return Reply::nil_array();
    case 2:
      return Reply::status(any_bytes());
    case 3:
      return Reply::error(any_bytes());
    case 4:
      return Reply::integer(*rc::gen::arbitrary<std::int64_t>());
    case 5:
      return Reply::bulk(any_bytes());
    case 6:
      return Reply::real(*rc::gen::arbitrary<double>());
    case 7:
      return Reply::boolean(any_bool());
    case 8:
      return Reply::verbatim(any_bytes());
    default:
      break;
  }
  const int kind = pick(4);
  const bool map = kind == 0;
  std::vector<Reply> elements;
  for (int n = pick(4) * (map ? 2 : 1); n > 0; --n) {
    elements.push_back(any_reply(depth - 1));
  }
  if (map) return Reply::map(std::move(elements));
  if (kind == 1) return Reply::set(std::move(elements));
  if (kind == 2) return Reply::push(std::move(elements));
  return Reply::array(std::move(elements));
}

inline ClientReply any_client_reply() {
  using Status = ClientReply::Status;
  ClientReply reply;
  reply.status = *rc::gen::element(Status::kOk, Status::kNotLeader, Status::kRefused,
                                   Status::kUnknown, Status::kOverloaded);
  reply.reply = any_reply(3);
  reply.leader = {any_word()};
  reply.why = any_bytes();
  reply.term = any_term();
  reply.index = any_index();
  return reply;
}

}  // namespace synchrodb::wire_test
