// Reads the whole log back and tells a torn tail from damage.
//
// The log is a chain: every batch names the one before it, which had been synced when it was
// written (the watermark). So a batch that is missing before a link to it was acknowledged: damage.
// What comes after the last link was at most being written, and may be cut, but only if no sector
// of it is rotten and nothing anywhere says that it had been synced.
#pragma once

#include <map>
#include <vector>

#include "engine/env/disk.h"
#include "engine/storage/replay.h"
#include "engine/storage/segment_scan.h"

namespace synchrodb::storage {

struct LogFile {
  std::uint64_t segment = 0;
  std::uint32_t sectors = 0;
};

class LogRecovery {
 public:
  LogRecovery(Disk& disk, std::map<GroupId, ReplayedGroup> known)
      : disk_(disk), replay_(std::move(known)) {}

  // `segments`: all that the directory holds, rising. Without any, `expected` says that there was a
  // log once.
  Result<> run(const std::vector<std::uint64_t>& segments, bool expected);

  std::map<GroupId, ReplayedGroup>& groups() { return replay_.groups(); }
  bool damaged() const { return replay_.damaged(); }
  // What was recovered is not what the files would replay to again.
  bool rewrite_all() const { return replay_.damaged() || rewrite_all_; }
  // A batch that was never acknowledged has been cut off.
  bool tail_cut() const { return tail_cut_; }
  std::uint64_t last_good() const { return last_good_; }
  // The last good batch, and the one before it. Whether the last one is on the disk or only in the
  // page cache, whose sync may have failed, nobody knows: it must be written again.
  std::uint64_t before_last() const { return before_last_; }
  const std::vector<Record>& last_batch() const { return last_batch_.records; }
  // Above anything seen anywhere, so that nothing stale can ever pass for new.
  std::uint64_t highest_sequence() const { return highest_sequence_; }
  std::uint64_t highest_segment() const { return highest_segment_; }
  const std::vector<LogFile>& files() const { return files_; }

 private:
  // A sector after the last good batch that is not old.
  struct TailSector {
    std::uint64_t segment;
    std::uint32_t number;
    JudgedSector judged;
  };
  // Where the batch after the last good one must begin.
  struct Start {
    std::uint64_t segment;
    std::uint32_t number;
    JudgedSector judged;
    std::string bytes;  // to the segment's end; only for the deliberate defect
  };

  Result<ParsedBatch> first_batch(std::uint64_t segment);
  Result<> find_head(const std::vector<std::uint64_t>& segments);
  Result<> read_segment(std::uint64_t segment);
  void replay_segment(const SegmentScan& scan, std::string_view bytes);
  void replay_batch(const SegmentScan& scan, const FoundBatch& batch, std::string_view bytes);
  // A link to the last good batch, or to the one before it: then it repeats the last good one.
  bool links(std::uint64_t watermark) const {
    return watermark == last_good_ || watermark == before_last_;
  }
  // Whether the batch follows the last good one in place and by its link.
  bool linked(const SegmentScan& scan, const FoundBatch& batch) const;
  void note_tail(const SegmentScan& scan, std::string_view bytes);
  void judge_tail();
  bool torn(const Start& start) const;
  void accept_torn_tail();

  Disk& disk_;
  Replay replay_;
  std::vector<LogFile> files_;
  std::uint64_t head_ = 0;
  bool any_batch_ = false;
  bool tail_cut_ = false;
  bool rewrite_all_ = false;
  std::uint64_t last_good_ = 0;
  std::uint64_t before_last_ = 0;
  ParsedBatch last_batch_;
  std::uint64_t last_segment_ = 0;  // of the last good batch ...
  std::uint32_t last_end_ = 0;      // ... and the sector after it
  std::uint64_t highest_sequence_ = 0;
  std::uint64_t highest_segment_ = 0;
  std::uint64_t highest_misplaced_ = 0;  // sequence
  std::vector<TailSector> tail_;
  std::vector<Start> starts_;
};

}  // namespace synchrodb::storage
