// Anomalies that are not cycles: each is seen on one transaction, or one key.
#pragma once

#include <functional>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/register_order.h"
#include "sim/check/transactions/version_index.h"

namespace synchrodb::check {

// Takes a case; its words are made only if they are wanted.
class PhenomenonSink {
 public:
  PhenomenonSink() = default;
  PhenomenonSink(const PhenomenonSink&) = delete;
  PhenomenonSink& operator=(const PhenomenonSink&) = delete;
  virtual ~PhenomenonSink() = default;

  virtual void report(Anomaly anomaly, std::uint32_t key, std::vector<TransactionId> transactions,
                      const std::function<std::string()>& words) = 0;
};

// internal, future-read.
void find_internal(const VersionIndex& index, PhenomenonSink& sink);

// G1a, G1b, garbage-read, duplicate-elements, incompatible-order.
void find_bad_reads(const VersionIndex& index, bool garbage_counts, PhenomenonSink& sink);

void find_dirty_updates(const VersionIndex& index, PhenomenonSink& sink);
void find_lost_updates(const VersionIndex& index, PhenomenonSink& sink);
void find_cyclic_versions(const VersionIndex& index, const RegisterOrder& order,
                          PhenomenonSink& sink);

}  // namespace synchrodb::check
