// The calls of database.capnp as requests of the state machine, and its replies as results. Pure:
// parameters are as a stranger sent them, and an error names what is wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/client/client.h"
#include "engine/env/result.h"
#include "engine/kv/command.h"
#include "engine/wire/database.capnp.h"

namespace synchrodb::net {

// The limits that the schema states.
inline constexpr std::size_t kMaxKeyBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxCallBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMaxTransactionSize = 1024;
inline constexpr std::uint32_t kMaxScanKeys = 10'000;
inline constexpr std::uint32_t kDefaultScanKeys = 1'000;

// Keys from `from` on, up to `to` exclusively; `to` empty: no end.
struct KeyRange {
  std::string from;
  std::string to;
  bool contains(std::string_view key) const { return key >= from && (to.empty() || key < to); }
};
Result<KeyRange> read_range(wire::KeyRange::Reader range);

Result<ReadConsistency> read_consistency(wire::Consistency consistency);

// ---- Requests. Writes are transactions: first the conditions, then the operations. Their sessions
// are left to the caller.

Result<Request> get_request(capnp::Data::Reader key);
Result<Request> scan_request(const wire::Database::ScanParams::Reader& params);
Result<Request> put_request(const wire::Database::PutParams::Reader& params);
Result<Request> delete_request(const wire::Database::DeleteParams::Reader& params);
Result<Request> compare_and_set_request(const wire::Database::CompareAndSetParams::Reader& params);
Result<Request> transaction_request(const wire::Database::TransactionParams::Reader& params);

// ---- Replies, of just these requests. False: the reply is not what such a request is answered
// with, and says why not if it is an error.

bool write_results(const Reply& reply, wire::Database::GetResults::Builder out);
bool write_results(const Reply& reply, wire::Database::ScanResults::Builder out);
bool write_results(const Reply& reply, wire::Database::PutResults::Builder out);
bool write_results(const Reply& reply, wire::Database::DeleteResults::Builder out);
bool write_results(const Reply& reply, wire::Database::CompareAndSetResults::Builder out);
bool write_results(const Request& request, const Reply& reply,
                   wire::Database::TransactionResults::Builder out);

}  // namespace synchrodb::net
