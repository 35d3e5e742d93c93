// A log entry: immutable once made, shared by reference between log, messages, disk and state
// machine.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/types.h"

namespace synchrodb {

enum class EntryKind : std::uint8_t {
  kNoop = 0,     // the leader's first entry of a term (Raft thesis 6.4), but the group's first
  kCommand = 1,  // opaque to consensus
  kConfiguration = 2,  // payload: encode_configuration(); entry 1 holds the founding configuration
};

// Confined to one thread, as everything of a node is; hence the plain counter.
class Entry : public boost::intrusive_ref_counter<Entry, boost::thread_unsafe_counter> {
 public:
  Entry(Term term, Index index, EntryKind kind, WallInterval written, std::string payload);

  Term term() const { return term_; }
  Index index() const { return index_; }
  EntryKind kind() const { return kind_; }
  // The leader's civil clock when it appended the entry: the lease (LeaseGuard) and the stamp.
  const WallInterval& written() const { return written_; }
  std::string_view payload() const { return payload_; }
  // A hash of all of the above, equal on every platform; two entries of equal digest are equal.
  std::uint64_t digest() const { return digest_; }
  // What the entry weighs for byte limits.
  std::size_t size() const { return payload_.size() + kOverhead; }

 private:
  static constexpr std::size_t kOverhead = 48;

  Term term_;
  Index index_;
  WallInterval written_;
  EntryKind kind_;
  std::string payload_;
  std::uint64_t digest_;
};

using EntryRef = boost::intrusive_ptr<const Entry>;

inline EntryRef make_entry(Term term, Index index, EntryKind kind, WallInterval written,
                           std::string payload) {
  return EntryRef(new Entry(term, index, kind, written, std::move(payload)));
}

}  // namespace synchrodb
