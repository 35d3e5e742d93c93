#include "sim/buggify_sites.h"

#include <array>

namespace synchrodb::sim {
namespace {

constexpr std::array<std::string_view, 6> kSites{
    "snapshot.settle-often", "snapshot.small-blocks", "snapshot.small-pieces",
    "wal.early-rotate",      "wal.short-segment",     "wal.straddle-sectors",
};

}  // namespace

std::span<const std::string_view> buggify_sites() {
  return kSites;
}

}  // namespace synchrodb::sim
