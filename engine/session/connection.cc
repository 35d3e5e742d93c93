#include "engine/session/connection.h"

#include <utility>
#include <variant>

#include "consensus/assert.h"

namespace synchrodb {
namespace {

// A log entry of a pipeline grows no further than this: others wait behind it.
constexpr std::size_t kMostBatchedCommands = 1024;
constexpr std::size_t kMostBatchedBytes = std::size_t{1} << 20;

std::size_t size_of(const std::vector<std::string>& argv) {
  std::size_t bytes = 0;
  for (const std::string& argument : argv) bytes += argument.size();
  return bytes;
}

}  // namespace

void Connection::add(std::vector<std::string> argv) {
  if (lost_) return;
  Step step = session_.handle(std::move(argv));
  if (auto* reply = std::get_if<Reply>(&step)) return add_reply(std::move(*reply));
  if (auto* read = std::get_if<ReadStep>(&step)) return batch(std::move(read->argv), false);
  if (auto* watched = std::get_if<WatchStep>(&step)) return watch(std::move(*watched));
  Request& request = std::get<WriteStep>(step).request;
  if (!request.transaction) return batch(std::move(request.commands.front()), true);
  execute_batch();
  if (lost_) return;
  replies_.emplace_back();
  execute(std::move(request), replies_.size() - 1);
}

void Connection::batch(std::vector<std::string> argv, bool writes) {
  const std::size_t bytes = size_of(argv);
  if (pending_.commands.size() >= kMostBatchedCommands ||
      (!pending_.commands.empty() && pending_bytes_ + bytes > kMostBatchedBytes)) {
    execute_batch();
  }
  pending_bytes_ += bytes;
  pending_writes_ = pending_writes_ || writes;
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
  const std::vector<std::size_t> places = std::exchange(places_, {});
  pending_bytes_ = 0;
  const bool writes = std::exchange(pending_writes_, false);
  Reply reply = reply_of(
      writes ? gateway_.write(std::move(request)) : gateway_.read(encode(request), consistency_),
      writes);
  if (places.size() == 1) {
    replies_[places.front()] = std::move(reply);
    return;
  }
  // One error for all of them: none was executed.
  if (reply.kind() != Reply::Kind::kArray) {
    for (const std::size_t place : places) replies_[place] = reply;
    return;
  }
  std::vector<Reply> each = std::move(reply).elements();
  SYNCHRODB_ASSERT(each.size() == places.size(), "a batch answers each of its commands");
  for (std::size_t i = 0; i < places.size(); ++i) replies_[places[i]] = std::move(each[i]);
}

void Connection::execute(Request request, std::size_t place) {
  replies_[place] = reply_of(gateway_.write(std::move(request)), true);
}

void Connection::watch(WatchStep step) {
  execute_batch();
  if (lost_) return;
  // Stale versions would let a transaction through that ought to fail.
  Reply versions =
      reply_of(gateway_.read(encode_command(step.argv), ReadConsistency::kLinearizable), false);
  replies_.push_back(session_.finish_watch(step, versions));
}

Reply Connection::reply_of(Outcome outcome, bool wrote) {
  if (outcome.kind == Outcome::Kind::kOk) return std::move(outcome.reply);
  if (wrote && outcome.kind == Outcome::Kind::kUnknown) {
    lost_ = true;
    return Reply::nil();
  }
  if (!outcome.why.empty()) {
    return Reply::error("TRYAGAIN " + outcome.why + "; nothing was executed");
  }
  return Reply::error("CLUSTERDOWN The cluster is down: no leader in time; nothing was executed");
}

std::vector<Reply> Connection::take_replies() {
  return std::exchange(replies_, {});
}

}  // namespace synchrodb
