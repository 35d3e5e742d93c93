// The structs of database.h as messages of database.capnp, and back. Private to the client.
#pragma once

#include <string>

#include "engine/wire/database.capnp.h"
#include "net/client/database.h"

namespace synchrodb::net {

inline capnp::Data::Reader data_of(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

void write_range(wire::KeyRange::Builder out, const KeysOf& keys);
void write_expiry(wire::Expiry::Builder out, const WhenExpires& expires);
void write_condition(wire::Condition::Builder out, const KeyIs& is);
void write_maybe(wire::Maybe::Builder out, const std::optional<std::string>& value);
void write_transaction(wire::Database::TransactionParams::Builder out, const Transaction& asked);
wire::Consistency consistency_of(Freshness freshness);

// How one attempt ended, with what the retries must know.
struct Attempt {
  Answer answer;
  bool session_expired = false;
};
Attempt read_outcome(wire::Outcome::Reader outcome);

KeyRecord read_record(wire::Record::Reader record);
TransactionAnswer read_transaction(wire::Database::TransactionResults::Reader results,
                                   const Transaction& asked);
ScanAnswer read_scan(wire::Database::ScanResults::Reader results);
WatchedChange read_change(wire::Change::Reader change);

}  // namespace synchrodb::net
