#include "consensus/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace synchrodb {

std::uint64_t stable_hash(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace synchrodb
