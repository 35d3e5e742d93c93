#include "engine/storage/records.h"

namespace synchrodb::storage {

namespace {

bool parse_entry(std::string_view body, Record& record) {
  if (body.size() < kEntryFixed) return false;
  const char* p = body.data();
  const Term term{get<std::uint64_t>(p)};
  const Index index{get<std::uint64_t>(p + 8)};
  record.previous_term.value = get<std::uint64_t>(p + 16);
  const auto kind = static_cast<unsigned char>(p[40]);
  const auto synchronised = static_cast<unsigned char>(p[41]);
  if (!plausible(term.value) || !plausible(index.value) || !index) return false;
  if (!plausible(record.previous_term.value)) return false;
  if (kind > static_cast<unsigned char>(EntryKind::kConfiguration) || synchronised > 1)
    return false;
  const WallInterval written{
      {get<std::int64_t>(p + 24)}, {get<std::int64_t>(p + 32)}, synchronised == 1};
  record.entry = make_entry(term, index, static_cast<EntryKind>(kind), written,
                            std::string(body.substr(kEntryFixed)));
  return true;
}

bool parse_body(std::string_view body, Record& record) {
  switch (record.type) {
    case RecordType::kPadding:
      return true;
    case RecordType::kEntry:
      return parse_entry(body, record);
    case RecordType::kReset:
    case RecordType::kPosition:
    case RecordType::kHead:
    case RecordType::kFault:
    case RecordType::kFaultResolved:
      if (body.size() != kPositionBody) return false;
      record.index.value = get<std::uint64_t>(body.data());
      record.term.value = get<std::uint64_t>(body.data() + 8);
      return plausible(record.index.value) && plausible(record.term.value);
  }
  return false;
}

}  // namespace

ParsedBatch parse_records(std::string_view payload, bool check) {
  ParsedBatch batch;
  while (!payload.empty()) {
    if (payload.size() < kRecordHeader) return batch;
    const char* p = payload.data();
    const std::size_t length = get<std::uint32_t>(p + 4);
    if (length > payload.size() - kRecordHeader) return batch;
    if (check && get<std::uint32_t>(p) != crc32c(0, p + 4, kRecordHeader - 4 + length))
      return batch;
    Record record;
    record.group.value = get<std::uint64_t>(p + 8);
    record.type = static_cast<RecordType>(static_cast<unsigned char>(p[16]));
    if (!parse_body(payload.substr(kRecordHeader, length), record)) return batch;
    if (record.type != RecordType::kPadding) batch.records.push_back(std::move(record));
    payload.remove_prefix(kRecordHeader + length);
  }
  batch.whole = true;
  return batch;
}

}  // namespace synchrodb::storage
