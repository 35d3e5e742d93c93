#include "sim/oracle/command_places.h"

#include <string_view>

#include "engine/kv/request_reader.h"

namespace synchrodb::sim {
namespace {

struct IgnoreArguments {
  void command(std::size_t) {}
  void argument(std::string_view) {}
  void watch(std::string_view, std::uint64_t) {}
};

// Clients number their commands without gaps, but hostile payloads may not.
constexpr std::uint64_t kMostSequences = 1'000'000;

}  // namespace

void CommandPlaces::on_applied(const Entry& entry) {
  if (entry.index() <= seen_) return;
  seen_ = entry.index();
  if (entry.kind() != EntryKind::kCommand) return;
  RequestHead head;
  IgnoreArguments ignore;
  if (!read_request(entry.payload(), head, ignore)) return;
  if (!head.session || head.sequence == 0 || head.sequence > kMostSequences) return;
  std::vector<Place>& places = places_[head.session];
  if (places.size() < head.sequence) places.resize(head.sequence);
  Place& place = places[head.sequence - 1];
  if (!place.index) place = {entry.term(), entry.index()};
}

std::optional<CommandPlaces::Place> CommandPlaces::find(SessionId session,
                                                        std::uint64_t sequence) const {
  const auto it = places_.find(session);
  if (it == places_.end() || sequence == 0 || sequence > it->second.size()) return std::nullopt;
  const Place& place = it->second[sequence - 1];
  if (!place.index) return std::nullopt;
  return place;
}

}  // namespace synchrodb::sim
