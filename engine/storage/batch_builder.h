// Formats one batch of the log straight into its sectors: one copy of every byte.
#pragma once

#include <string>

#include "engine/storage/format.h"

namespace synchrodb::storage {

class BatchBuilder {
 public:
  // Forgets everything and keeps the memory.
  void clear();
  bool empty() const { return length_ == 0; }
  // Of the payload so far.
  std::uint64_t length() const { return length_; }
  std::uint64_t sectors() const { return sectors_for(length_); }

  // `previous`: the term of the entry before it. By Log Matching it stands for the whole prefix, so
  // that recovery can tell whether a hole in the log concerns this group.
  void entry(GroupId group, const Entry& entry, Term previous);
  // kReset, kPosition, kFault, kHead, kFaultResolved.
  void position(RecordType type, GroupId group, Index index, Term term);
  // Fills up so that `free` bytes are left in the current sector (nothing if there are fewer).
  void pad_to_leave(std::size_t free);

  // Completes the sectors for their place and returns them. The builder must be cleared afterwards.
  std::string_view seal(std::uint64_t segment, std::uint32_t first_sector, std::uint64_t sequence,
                        std::uint64_t watermark);

 private:
  void append(const char* bytes, std::size_t length);
  void record(RecordType type, GroupId group, std::string_view fixed, std::string_view payload);

  std::string sectors_;
  std::uint64_t length_ = 0;
};

}  // namespace synchrodb::storage
