#include "engine/kv/state_machine.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include "consensus/assert.h"
#include "consensus/defects.h"
#include "consensus/hash.h"
#include "engine/kv/client_sessions.h"
#include "engine/kv/codec.h"
#include "engine/kv/command_table.h"
#include "engine/kv/context.h"
#include "engine/kv/errors.h"
#include "engine/kv/keyspace.h"
#include "engine/kv/request_reader.h"
#include "engine/kv/snapshot_format.h"
#include "engine/kv/state_pieces.h"

namespace synchrodb {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kMaxNanos = std::numeric_limits<std::int64_t>::max();

// Removals of expired keys by one entry, so that a mass expiry does not hold up the node; whoever
// looks a key up sees that it has expired all the same.
constexpr std::size_t kMaxRemovalsPerEntry = 1000;

// The commands of a request as views into its payload.
struct RequestViews {
  std::vector<std::string_view> arguments;  // of all commands, one after the other
  std::vector<std::size_t> counts;          // of each command
  std::vector<std::pair<std::string_view, std::uint64_t>> watched;

  // Keeps ordinary buffers for the next request and hands huge ones back.
  void clear() {
    constexpr std::size_t kKept = 1024;
    if (std::max({arguments.capacity(), counts.capacity(), watched.capacity()}) > kKept) {
      *this = RequestViews();
    }
    arguments.clear();
    counts.clear();
    watched.clear();
  }
  void command(std::size_t count) { counts.push_back(count); }
  void argument(std::string_view bytes) { arguments.push_back(bytes); }
  void watch(std::string_view key, std::uint64_t version) { watched.emplace_back(key, version); }
};

constexpr std::size_t kPrefetchedAtOnce = StateMachine::kPrefetchedAtOnce;

// The first two arguments of a request.
struct FirstArguments {
  std::array<std::string_view, 2> arguments;
  std::size_t count = 0;

  void command(std::size_t) {}
  void argument(std::string_view bytes) {
    if (count < arguments.size()) arguments[count++] = bytes;
  }
  void watch(std::string_view, std::uint64_t) {}
};

// The key that a command begins with, if it does.
std::optional<std::string_view> first_key(Args args) {
  if (args.size() < 2) return std::nullopt;
  const CommandSpec* command = find_command(args[0]);
  if (command == nullptr || command->first_key != 1) return std::nullopt;
  return args[1];
}

// The first keys of the next commands, whose lookups would otherwise wait for the memory one by
// one. `counts`: of each command from here on; `arguments` likewise.
void prefetch_keys(const Keyspace& keyspace, std::span<const std::size_t> counts, Args arguments) {
  std::array<KeyRef, kPrefetchedAtOnce> keys;
  std::size_t found = 0;
  for (const std::size_t count : counts.first(std::min(counts.size(), kPrefetchedAtOnce))) {
    const Args args = arguments.first(count);
    arguments = arguments.subspan(count);
    if (const auto key = first_key(args)) keys[found++] = KeyRef(*key);
  }
  keyspace.prefetch({keys.data(), found});
}

// Runs each command of a request with many; `run` takes a command and gives its reply.
template <class Run>
Reply run_all(const Keyspace& keyspace, const RequestViews& views, Run&& run) {
  std::vector<Reply> replies;
  replies.reserve(views.counts.size());
  Args rest(views.arguments);
  for (std::size_t i = 0; i < views.counts.size(); ++i) {
    if (i % kPrefetchedAtOnce == 0) {
      prefetch_keys(keyspace, std::span(views.counts).subspan(i), rest);
    }
    replies.push_back(run(rest.first(views.counts[i])));
    rest = rest.subspan(views.counts[i]);
  }
  return Reply::array(std::move(replies));
}

WallTime saturating_add(WallTime time, Duration span) {
  return time.ns > kMaxNanos - span.ns ? WallTime{kMaxNanos} : time + span;
}

// The first stamp that is past an expiry.
WallTime instant_after_ms(std::int64_t expiry_ms) {
  if (expiry_ms >= kMaxNanos / kNanosPerMilli - 1) return WallTime{kMaxNanos};
  return WallTime{(expiry_ms + 1) * kNanosPerMilli};
}

}  // namespace

WallTime stamp_reading(const WallInterval& wall) {
  // Halves first: neither the sum nor the difference of two readings need fit.
  const std::int64_t odd = (wall.earliest.ns & 1) & (wall.latest.ns & 1);
  return WallTime{(wall.earliest.ns >> 1) + (wall.latest.ns >> 1) + odd};
}

struct StateMachine::State {
  explicit State(StateMachineOptions chosen) : options(chosen), sessions(chosen.max_sessions) {}

  std::int64_t now_ms() const { return stamp.ns / kNanosPerMilli; }
  std::uint64_t entropy() const {
    return hash_mix(applied.value, static_cast<std::uint64_t>(stamp.ns));
  }
  std::uint64_t digest() const;
  void advance_stamp(const WallInterval& written);
  Reply apply_request(std::string_view payload);
  Reply apply_in_session(const RequestHead& head);
  Reply run(bool transaction);
  bool conditions_hold(const ReadContext& context) const;
  Reply execute(WriteContext& context, Args args);
  StateMachineOptions options;
  Keyspace keys;
  ClientSessions sessions;
  WallTime stamp;
  Index applied;
  RequestViews views;   // scratch of apply(): empty between calls
  TouchedKeys touched;  // likewise
  std::optional<StateWriter> writer;
  std::optional<StateReader> reader;
  KeyStatistics statistics;  // of the machine: outlives this state
};

std::uint64_t StateMachine::State::digest() const {
  std::uint64_t h = hash_mix(keys.digest(), keys.size());
  h = hash_mix(h, sessions.digest());
  h = hash_mix(h, static_cast<std::uint64_t>(stamp.ns));
  return hash_mix(h, applied.value);
}

void StateMachine::State::advance_stamp(const WallInterval& written) {
  const WallTime reading = stamp_reading(written);
  // The very first reading has nothing to be bounded by.
  const WallTime bound =
      stamp == WallTime{} ? WallTime{kMaxNanos} : saturating_add(stamp, kMaxStampJump);
  stamp = std::max(stamp, std::min(reading, bound));
}

Reply StateMachine::State::apply_request(std::string_view payload) {
  RequestHead head;
  if (!read_request(payload, head, views)) return Reply::error("ERR malformed log entry");
  switch (head.kind) {
    case RequestKind::kOpenSession:
      return Reply::integer(static_cast<std::int64_t>(sessions.open(applied).value));
    case RequestKind::kCloseSession:
      sessions.close(head.session);
      return Reply::ok();
    case RequestKind::kStamp:
      return Reply::nil();
    case RequestKind::kExecute:
      return head.session ? apply_in_session(head) : run(head.transaction);
  }
  return Reply::nil();
}

Reply StateMachine::State::apply_in_session(const RequestHead& head) {
  if (head.sequence == 0) return Reply::error("ERR session: invalid sequence");
  ClientSessions::Session* session = sessions.use(head.session, applied);
  if (session == nullptr) {
    return Reply::error("SESSIONEXPIRED the session is unknown or was evicted");
  }
  if (head.sequence < session->sequence) return Reply::error("ERR session: stale sequence");
  if (head.sequence == session->sequence && !defect(Defect::kDuplicateCommandApplied)) {
    return session->reply;
  }
  Reply reply = run(head.transaction);
  sessions.record(*session, head.sequence, reply);
  return reply;
}

Reply StateMachine::State::run(bool transaction) {
  WriteContext context{keys, now_ms(), applied.value, entropy(), statistics};
  for (const auto& [key, version] : views.watched) {
    const Record* record = context.find(KeyRef(key));
    if ((record != nullptr ? record->version : 0) != version) return Reply::nil_array();
  }
  if (transaction && !conditions_hold(context.reading())) return Reply::nil_array();
  const Args all(views.arguments);
  if (!transaction && views.counts.size() == 1) return execute(context, all);
  return run_all(keys, views, [&](Args args) { return execute(context, args); });
}

// One that is malformed does not hold.
bool StateMachine::State::conditions_hold(const ReadContext& context) const {
  std::size_t at = 0;
  for (const std::size_t count : views.counts) {
    const Args args = Args(views.arguments).subspan(at, count);
    at += count;
    const CommandSpec* command = find_command(args[0]);
    if (command == nullptr || !command->has(kCondition)) continue;
    if (!command->accepts(count) || command->read(context, args) != Reply::integer(1)) return false;
  }
  return true;
}

// The connection's session has refused bad commands before; but what is in the log may come from a
// newer version or from a client that skipped it, and must have the same outcome everywhere.
Reply StateMachine::State::execute(WriteContext& context, Args args) {
  const CommandSpec* command = find_command(args[0]);
  if (command == nullptr) return errors::unknown_command(args);
  if (!command->accepts(args.size())) return errors::wrong_arity(command->name);
  ++context.entropy;  // two draws of one transaction differ
  if (command->write != nullptr) return command->write(context, args);
  if (command->read != nullptr) return command->read(context.reading(), args);
  return Reply::error("ERR Command not allowed inside a transaction");
}

StateMachine::StateMachine(StateMachineOptions options)
    : state_(std::make_unique<State>(options)) {}
StateMachine::~StateMachine() = default;
StateMachine::StateMachine(StateMachine&& other) noexcept : state_(std::move(other.state_)) {}

StateMachine& StateMachine::operator=(StateMachine&& other) noexcept {
  if (state_) other.state_->statistics = state_->statistics;
  state_ = std::move(other.state_);
  if (listener_ != nullptr) listener_->on_replaced(state_->applied);
  return *this;
}

Reply StateMachine::apply(const Entry& entry) {
  State& state = *state_;
  SYNCHRODB_ASSERT(entry.index() == state.applied.next(),
                   "entries are applied one after the other, none twice and none left out");
  state.applied = entry.index();
  if (listener_ != nullptr) state.keys.note_writes(&state.touched);
  state.advance_stamp(entry.written());
  state.statistics.expired += state.keys.remove_expired(state.now_ms(), kMaxRemovalsPerEntry);
  Reply reply;
  if (entry.kind() == EntryKind::kCommand) {
    reply = state.apply_request(entry.payload());
    state.views.clear();
  }
  if (listener_ != nullptr) report_changes();
  return reply;
}

void StateMachine::prefetch(std::span<const std::string_view> payloads) const {
  std::array<KeyRef, kPrefetchedAtOnce> keys;
  std::size_t found = 0;
  for (const std::string_view payload : payloads.first(std::min(payloads.size(), keys.size()))) {
    RequestHead head;
    FirstArguments first;
    if (!read_request(payload, head, first)) continue;
    if (const auto key = first_key(Args(first.arguments).first(first.count))) {
      keys[found++] = KeyRef(*key);
    }
  }
  state_->keys.prefetch({keys.data(), found});
}

void StateMachine::report_changes() {
  State& state = *state_;
  // Only entries are told of, not what a restoration does to the keys.
  state.keys.note_writes(nullptr);
  if (state.touched.none()) return;
  std::vector<Change> changes;
  for (const std::string_view key : state.touched.sorted()) {
    changes.push_back({key, std::as_const(state.keys).find(KeyRef(key))});
  }
  listener_->on_changes({state.applied, state.touched.cleared(), changes});
  state.touched.reset();
}

Reply StateMachine::read(Args argv) const {
  if (argv.empty()) return Reply::error("ERR empty command");
  const CommandSpec* command = find_command(argv[0]);
  if (command == nullptr) return errors::unknown_command(argv);
  if (!command->accepts(argv.size())) return errors::wrong_arity(command->name);
  if (command->read == nullptr) {
    return Reply::error("ERR '" + std::string(command->name) + "' is not a read");
  }
  return command->read(
      ReadContext{state_->keys, state_->now_ms(), state_->entropy(), &state_->statistics}, argv);
}

Reply StateMachine::read(const std::vector<std::string>& argv) const {
  const std::vector<std::string_view> views(argv.begin(), argv.end());
  return read(Args(views));
}

Reply StateMachine::read_encoded(std::string_view request) const {
  RequestHead head;
  RequestViews views;
  if (!read_request(request, head, views)) return Reply::error("ERR malformed read");
  const Args all(views.arguments);
  if (views.counts.size() == 1) return read(all);
  return run_all(state_->keys, views, [this](Args args) { return read(args); });
}

WallTime StateMachine::stamp() const {
  return state_->stamp;
}

std::optional<WallTime> StateMachine::earliest_expiry() const {
  const auto expiry_ms = state_->keys.earliest_expiry_ms();
  if (!expiry_ms) return std::nullopt;
  return instant_after_ms(*expiry_ms);
}

WallTime StateMachine::next_stamp_due() const {
  const WallTime lagging = saturating_add(state_->stamp, kMaxStampJump / 2);
  return std::min(lagging, earliest_expiry().value_or(lagging));
}

bool StateMachine::stamp_due(const WallInterval& wall) const {
  return stamp_reading(wall) >= next_stamp_due();
}

Index StateMachine::applied() const {
  return state_->applied;
}

std::uint64_t StateMachine::digest() const {
  return state_->digest();
}

std::uint64_t StateMachine::version_of(std::string_view key) const {
  const ReadContext context{state_->keys, state_->now_ms(), 0};
  const Record* record = context.peek(key);
  return record != nullptr ? record->version : 0;
}

std::size_t StateMachine::key_count() const {
  return state_->keys.size();
}

std::size_t StateMachine::session_count() const {
  return state_->sessions.size();
}

void StateMachine::serialize(std::string& out) const {
  const State& state = *state_;
  put_state_head(state.applied, state.stamp, out);
  state.sessions.serialize(out);
  put_varint(state.keys.size(), out);
  state.keys.for_each([&](const Record& record) { put_record(record, out); });
  put_fixed64(state.digest(), out);
}

Result<> StateMachine::restore(std::string_view bytes) {
  StateMachine fresh(state_->options);
  fresh.begin_restore();
  if (Result<> read = fresh.restore_piece(bytes); !read) return read;
  if (Result<> whole = fresh.finish_restore(); !whole) return whole;
  *this = std::move(fresh);
  return {};
}

const KeyStatistics& StateMachine::key_statistics() const {
  return state_->statistics;
}

void StateMachine::clear() {
  const KeyStatistics kept = state_->statistics;
  state_ = std::make_unique<State>(state_->options);
  state_->statistics = kept;
  if (listener_ != nullptr) listener_->on_replaced(Index{});
}

// ---- piece by piece ----------------------------------------------------------------------------

void StateMachine::begin_snapshot() {
  State& state = *state_;
  SYNCHRODB_ASSERT(!state.writer, "one snapshot at a time");
  state.writer.emplace(state.keys, state.sessions, state.applied, state.stamp, state.digest());
}

bool StateMachine::snapshot_active() const {
  return state_->writer.has_value();
}

bool StateMachine::next_piece(std::size_t max_bytes, std::string& out) {
  SYNCHRODB_ASSERT(state_->writer, "pieces are of a snapshot that has begun");
  const bool last = state_->writer->next(max_bytes, out);
  if (last) state_->writer.reset();
  return last;
}

void StateMachine::end_snapshot() {
  state_->writer.reset();
}

void StateMachine::begin_restore() {
  clear();
  state_->reader.emplace(state_->keys, state_->sessions);
}

Result<> StateMachine::restore_piece(std::string_view bytes) {
  SYNCHRODB_ASSERT(state_->reader, "begin_restore() comes first");
  return state_->reader->add(bytes);
}

Result<> StateMachine::finish_restore() {
  State& state = *state_;
  SYNCHRODB_ASSERT(state.reader, "begin_restore() comes first");
  if (Result<> whole = state.reader->finish(); !whole) return whole;
  state.applied = state.reader->applied();
  state.stamp = state.reader->stamp();
  if (state.reader->digest() != state.digest()) {
    return Error{ErrorCode::kCorrupt, "key-value snapshot does not have the digest it claims"};
  }
  state.reader.reset();
  if (listener_ != nullptr) listener_->on_replaced(state.applied);
  return {};
}

bool StateMachine::dismantle(std::size_t limit) {
  state_->writer.reset();
  state_->reader.reset();
  return state_->sessions.dismantle(limit) && state_->keys.dismantle(limit);
}

// ---- memory ------------------------------------------------------------------------------------

std::size_t StateMachine::memory_bytes() const {
  return sizeof(State) + state_->keys.memory_bytes() + state_->sessions.memory_bytes();
}

std::optional<std::size_t> StateMachine::memory_of(std::string_view key) const {
  const ReadContext context{state_->keys, state_->now_ms(), 0};
  const Record* record = context.peek(key);
  if (record == nullptr) return std::nullopt;
  return Keyspace::memory_of(*record);
}

bool StateMachine::may_need_memory(std::string_view payload) const {
  RequestHead head;
  RequestViews views;
  if (!read_request(payload, head, views) || head.kind != RequestKind::kExecute) return false;
  if (head.session && state_->sessions.has_applied(head.session, head.sequence)) return false;
  std::size_t at = 0;
  for (const std::size_t count : views.counts) {
    const CommandSpec* command = find_command(views.arguments[at]);
    if (command != nullptr && command->has(kDenyOom)) return true;
    at += count;
  }
  return false;
}

}  // namespace synchrodb
