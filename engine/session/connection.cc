#include "engine/session/connection.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "consensus/assert.h"
#include "engine/kv/errors.h"

namespace synchrodb {
namespace {

// A log entry of a pipeline grows no further than this: others wait behind it.
constexpr std::size_t kMostBatchedCommands = 1024;
constexpr std::size_t kMostBatchedBytes = std::size_t{1} << 20;
// As long as nothing is known of how large the replies are.
constexpr std::size_t kFirstReads = 8;
// The replies of one batch are made in one turn of the loop: reads are asked for in batches whose
// replies take about this.
constexpr std::size_t kGoodReplyBytes = std::size_t{1} << 20;

std::size_t size_of(const std::vector<std::string>& argv) {
  std::size_t bytes = 0;
  for (const std::string& argument : argv) bytes += argument.size();
  return bytes;
}

Reply failure(const Outcome& outcome) {
  if (outcome.reply.is_error()) return outcome.reply;
  if (!outcome.why.empty()) {
    return Reply::error("TRYAGAIN " + outcome.why + "; nothing was executed");
  }
  return Reply::error("CLUSTERDOWN The cluster is down: no leader in time; nothing was executed");
}

}  // namespace

Connection::Connection(Gateway& gateway, Session& session, Clock& clock, Completed completed)
    : gateway_(gateway),
      session_(session),
      clock_(clock),
      completed_(std::move(completed)),
      most_reads_(kFirstReads) {}

void Connection::add_reply(Reply reply) {
  replies_.emplace_back();
  put_reply(replies_.size() - 1, std::move(reply));
}

void Connection::put_reply(std::size_t place, Reply reply) {
  reply_bytes_ += bytes_of(reply);
  replies_[place] = std::move(reply);
}

void Connection::add(std::vector<std::string> argv) {
  if (lost_) return;
  Step step = session_.handle(std::move(argv));
  if (auto* reply = std::get_if<Reply>(&step)) return add_reply(std::move(*reply));
  if (auto* read = std::get_if<ReadStep>(&step)) return batch(std::move(read->argv), false);
  if (auto* watched = std::get_if<WatchStep>(&step)) return watch(*watched);
  Request& request = std::get<WriteStep>(step).request;
  if (!request.transaction) return batch(std::move(request.commands.front()), true);
  transaction(std::move(request));
}

void Connection::batch(std::vector<std::string> argv, bool writes) {
  const std::size_t bytes = size_of(argv);
  if (pending_.commands.size() >= kMostBatchedCommands ||
      (!writes && pending_reads_ >= most_reads_) ||
      (!pending_.commands.empty() && pending_bytes_ + bytes > kMostBatchedBytes)) {
    execute_batch();
  }
  pending_bytes_ += bytes;
  pending_writes_ = pending_writes_ || writes;
  if (!writes) ++pending_reads_;
  places_.push_back(replies_.size());
  replies_.emplace_back();
  pending_.commands.push_back(std::move(argv));
}

void Connection::finish() {
  execute_batch();
}

void Connection::execute_batch() {
  if (pending_.commands.empty() || lost_) return;
  Request request = std::exchange(pending_, Request{});
  pending_bytes_ = 0;
  const bool writes = std::exchange(pending_writes_, false);
  const std::size_t reads = std::exchange(pending_reads_, 0);
  const std::size_t bytes_before = reply_bytes_;
  const Instant begin = clock_.now();
  Reply reply = writes ? write(request, places_.front()) : read(encode(request), consistency_);
  if (!writes && request.commands.size() > 1 &&
      reply == Reply::error(std::string(errors::kReplyTooLarge))) {
    // Reads that are too much together may be asked for apart.
    std::vector<Reply> each;
    for (const std::vector<std::string>& argv : request.commands) {
      each.push_back(read(encode_command(argv), consistency_));
    }
    reply = Reply::array(std::move(each));
  }
  if (request.commands.size() > 1 && reply.is_error() && reply.text() == errors::kOutOfMemory) {
    execute_singly(std::move(request));
  } else if (!lost_) {
    answer_batch(request, std::move(reply), clock_.now() - begin);
  }
  note_reads(reads, reply_bytes_ - bytes_before);
  places_.clear();
}

void Connection::note_reads(std::size_t reads, std::size_t bytes) {
  if (reads == 0) return;  // the replies of writes say nothing of reads
  if (bytes > kGoodReplyBytes) {
    most_reads_ = std::max<std::size_t>(reads * kGoodReplyBytes / bytes, 1);
  } else if (reads >= most_reads_) {
    most_reads_ = std::min(2 * most_reads_, kMostBatchedCommands);
  }
}

// For want of memory a batch is refused as a whole, but those of its commands that need none are
// welcome, and may even make room for the others.
void Connection::execute_singly(Request batch) {
  for (std::size_t i = 0; i < batch.commands.size() && !lost_; ++i) {
    Request one;
    one.commands.push_back(std::move(batch.commands[i]));
    const Instant begin = clock_.now();
    Reply reply = write(one, places_[i]);
    if (lost_) return;
    completed_(one.commands.front(), clock_.now() - begin, reply);
    put_reply(places_[i], std::move(reply));
  }
}

void Connection::answer_batch(const Request& request, Reply reply, Duration took) {
  std::vector<Reply> each;
  if (request.commands.size() == 1) {
    each.push_back(std::move(reply));
  } else if (reply.kind() == Reply::Kind::kArray) {
    each = std::move(reply).elements();
  } else {
    each.assign(places_.size(), reply);  // an error: nothing was executed
  }
  SYNCHRODB_ASSERT(each.size() == places_.size(), "a batch answers each of its commands");
  for (std::size_t i = 0; i < places_.size(); ++i) {
    completed_(request.commands[i], took, each[i]);
    put_reply(places_[i], std::move(each[i]));
  }
}

void Connection::transaction(Request request) {
  execute_batch();
  if (lost_) return;
  const Instant begin = clock_.now();
  replies_.emplace_back();
  const std::size_t place = replies_.size() - 1;
  Reply reply = write(request, place);
  if (lost_) return;
  if (reply.is_error() && reply.text() == errors::kOutOfMemory) {
    reply = Reply::error("EXECABORT Transaction discarded because of: " + reply.text());
  }
  put_reply(place, std::move(reply));
  completed_({"exec"}, clock_.now() - begin, replies_[place]);
}

void Connection::watch(const WatchStep& step) {
  execute_batch();
  if (lost_) return;
  // Stale versions would let a transaction through that ought to fail.
  const Reply versions = read(encode_command(step.argv), ReadConsistency::kLinearizable);
  replies_.push_back(session_.finish_watch(step, versions));
}

Reply Connection::read(std::string request, ReadConsistency consistency) {
  Outcome outcome = gateway_.read(std::move(request), consistency);
  return outcome.kind == Outcome::Kind::kOk ? std::move(outcome.reply) : failure(outcome);
}

Reply Connection::write(Request& request, std::size_t place) {
  Outcome outcome = gateway_.write(request);
  switch (outcome.kind) {
    case Outcome::Kind::kOk:
      last_write_ = std::max(last_write_, outcome.index);
      return std::move(outcome.reply);
    case Outcome::Kind::kFailed:
      return failure(outcome);
    case Outcome::Kind::kUnknown:
      break;
  }
  lost_ = true;
  replies_.resize(place);
  return Reply::nil();
}

std::vector<Reply> Connection::take_replies() {
  reply_bytes_ = 0;
  return std::exchange(replies_, {});
}

}  // namespace synchrodb
