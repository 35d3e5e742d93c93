// Parameters of one direction of one connection.
#pragma once

#include <cstdint>

#include "consensus/types.h"

namespace synchrodb::sim {

// What a link does to packets. ppm: parts per million, offered to every packet.
struct LinkOptions {
  // A packet takes `delay_min` plus an exponential of `delay_mean`. More than the baseline's counts
  // as the fault kDelay.
  Duration delay_min = microseconds(200);
  Duration delay_mean = microseconds(300);
  Duration bias;                  // always added: a longer cable (kLinkBias)
  std::uint64_t bimodal_ppm = 0;  // so many packets take the slow path (kBimodalDelay) …
  Duration bimodal_mean = milliseconds(50);  // … with this mean (exponential) on top

  std::uint64_t loss_ppm = 0;
  std::uint64_t one_way_loss_ppm =
      0;                            // the same, counted as kOneWayLoss: set on one direction only
  std::uint64_t duplicate_ppm = 0;  // peer messages only; the copy takes `duplicate_mean` longer
  Duration duplicate_mean = milliseconds(5);
  std::uint64_t reorder_ppm = 0;  // so many packets are held back by `reorder_mean`
  Duration reorder_mean = milliseconds(10);
  std::uint64_t flip_ppm = 0;  // one bit of the encoded packet flips; needs a codec

  std::uint64_t bytes_per_second = 0;  // 0: unlimited (kBandwidth)
  std::uint32_t max_in_flight = 4096;  // packets; send() refuses above it (kBandwidth)

  bool operator==(const LinkOptions&) const = default;
};

}  // namespace synchrodb::sim
