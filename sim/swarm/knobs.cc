#include "sim/swarm/knobs.h"

#include <array>
#include <string_view>

#include "sim/options.h"
#include "sim/swarm/draw.h"

namespace synchrodb::sim {
namespace {

struct Knob {
  std::string_view name;
  std::array<std::int64_t, 4> values;
};

// Small windows, pieces and tails: where queues fill, snapshots travel and segments roll.
constexpr std::array kKnobs{
    Knob{"max-entries-per-message", {1, 2, 8, 64}},
    Knob{"max-bytes-per-message", {64, 512, 4'096, 65'536}},
    Knob{"max-inflight-messages", {1, 2, 4, 16}},
    Knob{"append-linger-us", {0, 0, 100, 20'000}},
    Knob{"thrifty-reads", {0, 0, 0, 1}},
    Knob{"read-linger-us", {0, 0, 1'000, 20'000}},
    Knob{"read-round-interval-us", {0, 200, 20'000, 10'000'000}},
    Knob{"max-inflight-bytes", {256, 2'048, 16'384, 262'144}},
    Knob{"max-uncommitted-bytes", {4'096, 16'384, 65'536, 1'048'576}},
    Knob{"snapshot-chunk-bytes", {256, 512, 1'024, 8'192}},
    Knob{"compaction-tail", {0, 1, 8, 32}},
    Knob{"compaction-step", {1, 4, 16, 64}},
    Knob{"apply-entries", {1, 2, 8, 32}},
    Knob{"snapshot-every-bytes", {1'024, 4'096, 16'384, 32'768}},
    Knob{"snapshot-growth-percent", {0, 0, 100, 400}},
    Knob{"segment-bytes", {4'096, 8'192, 16'384, 65'536}},
    Knob{"fill-ahead-bytes", {0, 512, 2'048, 65'536}},
    Knob{"confirm-after-ms", {1, 10, 200, 1'000}},
    Knob{"repeated-writes-wait", {1, 1, 1, 1}},
    Knob{"max-pending-requests", {8, 32, 128, 1'024}},
    Knob{"client-attempt-ms", {100, 200, 1'000, 2'000}},
    Knob{"client-timeout-ms", {1'000, 2'000, 3'000, 10'000}},
};

Draw stream(std::uint64_t seed, std::string_view knob) {
  return Draw(seed, "knob/" + std::string(knob));
}

std::int64_t standard_election_timeout_ms() {
  return find_option("election-timeout-ms")->standard;
}

// These depend on each other, so they come from one hand.
void draw_timing(std::uint64_t seed, OptionMap& options) {
  Draw draw = stream(seed, "timing");
  std::int64_t election = standard_election_timeout_ms();
  if (draw.coin()) {
    election = draw.pick({150, 300, 500, 700, 1'500});
    options["election-timeout-ms"] = election;
  }
  if (draw.coin()) options["heartbeat-ms"] = election / draw.pick({4, 5, 8, 20});
  if (draw.coin()) options["lease-duration-ms"] = election * draw.between(50, 95) / 100;
}

}  // namespace

void draw_modes(std::uint64_t seed, bool membership_changes, OptionMap& options) {
  if (stream(seed, "membership").chance(1, membership_changes ? 2 : 8)) options["membership"] = 1;
  const std::uint64_t lease = stream(seed, "lease").below(4);
  if (lease == 0) options["lease"] = 0;
  if (lease == 1) options["lease"] = 2;
  Draw values = stream(seed, "value-bytes");
  if (values.chance(1, 4)) options["value-bytes"] = values.pick<std::int64_t>({300, 700, 1'500});
  Draw snapshots = stream(seed, "snapshots");
  if (snapshots.chance(1, 4)) {
    options["snapshot-every-bytes"] = snapshots.pick<std::int64_t>({1'024, 4'096, 8'192});
    options["compaction-tail"] = snapshots.pick<std::int64_t>({0, 1, 8});
  }
  if (stream(seed, "pre-vote").chance(1, 4)) options["pre-vote"] = 0;
  // The classical lease needs followers that refuse to vote while they hear a leader.
  if (lease != 1 && stream(seed, "check-quorum").chance(1, 3)) options["check-quorum"] = 0;
}

void draw_knobs(std::uint64_t seed, OptionMap& options) {
  draw_timing(seed, options);
  for (const Knob& knob : kKnobs) {
    Draw draw = stream(seed, knob.name);
    if (draw.coin()) options[std::string(knob.name)] = draw.pick(knob.values);
  }
}

void draw_lease_duration(std::uint64_t seed, const OptionMap& fixed, OptionMap& options) {
  if (options.contains("lease")) return;
  const auto off = [&](const std::string& name) {
    const OptionMap& where = fixed.contains(name) ? fixed : options;
    const auto position = where.find(name);
    return position != where.end() && position->second == 0;
  };
  if (off("pre-vote") && off("check-quorum")) return;
  Draw draw = stream(seed, "lease-duration");
  if (draw.coin()) return;
  const auto position = options.find("election-timeout-ms");
  const std::int64_t election =
      position == options.end() ? standard_election_timeout_ms() : position->second;
  options["lease-duration-ms"] = election * draw.between(100, 300) / 100;
}

}  // namespace synchrodb::sim
