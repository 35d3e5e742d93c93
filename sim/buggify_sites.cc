#include "sim/buggify_sites.h"

namespace synchrodb::sim {

std::span<const std::string_view> buggify_sites() {
  return {};
}

}  // namespace synchrodb::sim
