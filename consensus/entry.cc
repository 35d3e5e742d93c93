#include "consensus/entry.h"

#include "consensus/hash.h"

namespace synchrodb {

Entry::Entry(Term term, Index index, EntryKind kind, WallInterval written, std::string payload)
    : term_(term), index_(index), written_(written), kind_(kind), payload_(std::move(payload)) {
  std::uint64_t h = stable_hash(payload_);
  h = hash_mix(h, term_.value);
  h = hash_mix(h, index_.value);
  h = hash_mix(h, static_cast<std::uint64_t>(written_.earliest.ns));
  h = hash_mix(h, static_cast<std::uint64_t>(written_.latest.ns) * 2 + written_.synchronised);
  digest_ = hash_mix(h, static_cast<std::uint64_t>(kind_));
}

}  // namespace synchrodb
