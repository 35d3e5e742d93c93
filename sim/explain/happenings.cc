#include "sim/explain/happenings.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

namespace synchrodb::sim {
namespace {

// An end of an operation, on its way among the log's entries.
struct End {
  std::int64_t time_ns;
  bool completion;
  std::size_t operation;
};

class Weaver {
 public:
  Weaver(const RunLog& log, std::vector<SeenOperation> operations) : log_(log) {
    made_.words = log.words();
    made_.operations = std::move(operations);
    made_.all.reserve(log.entries().size() + 2 * made_.operations.size());
    for (std::size_t i = 0; i < made_.operations.size(); ++i) {
      ends_.push_back({made_.operations[i].begin_ns, false, i});
      if (made_.operations[i].end_ns) ends_.push_back({*made_.operations[i].end_ns, true, i});
    }
    std::stable_sort(ends_.begin(), ends_.end(), [](const End& a, const End& b) {
      return std::pair(a.time_ns, a.completion) < std::pair(b.time_ns, b.completion);
    });
  }

  Happenings weave() {
    for (const LogEntry& entry : log_.entries()) {
      std::visit([this](const auto& each) { take(each); }, entry);
      if (is_violation(entry)) break;
    }
    while (next_end_ < ends_.size()) take(ends_[next_end_++]);
    return std::move(made_);
  }

 private:
  using Link = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;

  // What clients asked before this, or at this very moment; and what they were told before it: the
  // answer arrives first.
  void take_ends_until(std::int64_t time_ns) {
    while (next_end_ < ends_.size()) {
      const End& end = ends_[next_end_];
      if (end.time_ns > time_ns || (end.time_ns == time_ns && end.completion)) return;
      take(end);
      ++next_end_;
    }
  }

  void take(const End& end) {
    const SeenOperation& operation = made_.operations[end.operation];
    Happening happening;
    happening.kind = end.completion ? Happening::Kind::kCompleted : Happening::Kind::kInvoked;
    happening.time_ns = end.time_ns;
    happening.lane = operation.lane;
    happening.operation = end.operation;
    if (operation.wrong && !end.completion) happening.earlier = earlier_;
    if (operation.wrong && end.completion) {
      earlier_ = made_.all.size();
      answered_ = true;
    }
    add(happening);
  }

  void take(const TraceLine& line) {
    take_ends_until(line.time_ns);
    const Lane lane = line.node < 0 ? kWorld : static_cast<Lane>(line.node) + 1;
    if (std::strcmp(line.event, "committed") == 0 && line.index > committed_) {
      committed_ = line.index;
      if (!answered_) earlier_ = made_.all.size();
    }
    // The machine comes back under another id.
    if (std::strcmp(line.event, "wiped") == 0 && line.peer != 0) lane_of_[line.peer] = lane;
    add(Happening{.kind = Happening::Kind::kEvent,
                  .time_ns = line.time_ns,
                  .lane = lane,
                  .name = line.event,
                  .note = line.subject,
                  .term = line.term,
                  .index = line.index,
                  .peer = line.peer,
                  .extra = line.extra});
  }

  void take(const MessageEvent& event) {
    take_ends_until(event.time_ns);
    const Lane from = lane_of(event.from);
    const Lane to = lane_of(event.to);
    const Link link{event.from, event.to, event.number};
    Happening happening;
    happening.time_ns = event.time_ns;
    happening.name = event.type;
    happening.note = event.why;
    if (event.kind == MessageEvent::Kind::kSent) {
      sendings_[link] = made_.all.size();
      happening.kind = Happening::Kind::kSent;
      happening.lane = from;
      happening.other = to;
    } else {
      const auto sent = sendings_.find(link);
      if (sent != sendings_.end()) happening.sending = sent->second;
      happening.kind = event.kind == MessageEvent::Kind::kDelivered ? Happening::Kind::kDelivered
                                                                    : Happening::Kind::kLost;
      happening.lane = to;
      happening.other = from;
    }
    add(happening);
  }

  void add(Happening happening) {
    if (happening.kind != Happening::Kind::kLost) {
      const auto [last, first] = last_on_.try_emplace(happening.lane, made_.all.size());
      if (!first) happening.previous = std::exchange(last->second, made_.all.size());
    }
    made_.all.push_back(happening);
  }

  Lane lane_of(std::uint64_t id) const {
    const auto found = lane_of_.find(id);
    return found == lane_of_.end() ? id : found->second;
  }

  const RunLog& log_;
  Happenings made_;
  std::vector<End> ends_;
  std::size_t next_end_ = 0;
  std::size_t earlier_ = kNone;
  bool answered_ = false;  // `earlier_` is an answer
  std::uint64_t committed_ = 0;
  std::map<Link, std::size_t> sendings_;
  std::map<Lane, std::size_t> last_on_;
  std::map<std::uint64_t, Lane> lane_of_;
};

}  // namespace

Happenings happenings_of(const RunLog& log, std::vector<SeenOperation> operations) {
  return Weaver(log, std::move(operations)).weave();
}

std::string name_of_lane(Lane lane) {
  if (lane == kWorld) return "world";
  if (lane < kFirstClient) return "n" + std::to_string(lane);
  return "client " + std::to_string(lane - kFirstClient);
}

}  // namespace synchrodb::sim
