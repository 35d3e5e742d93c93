// Taking a batch's payload apart.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/storage/format.h"

namespace synchrodb::storage {

struct Record {
  RecordType type = RecordType::kPadding;
  GroupId group;
  // kEntry
  EntryRef entry;
  Term previous_term;
  // kReset, kPosition, kHead, kFault, kFaultResolved
  Index index;
  Term term;
};

struct ParsedBatch {
  std::vector<Record> records;
  bool whole = false;  // the payload was records from end to end
};

// `check` false: does not compare checksums (the deliberate defect torn-tail-accepted); parses what
// is there, as far as it makes sense.
ParsedBatch parse_records(std::string_view payload, bool check = true);

}  // namespace synchrodb::storage
