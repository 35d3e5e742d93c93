// Histories of transactions and of objects that others recorded and judged: Elle's and elle-cli's.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/check/objects/check_objects.h"
#include "sim/check/objects/read_objects.h"
#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/read_transactions.h"
#include "tests/check/support/public_histories.h"

namespace synchrodb::check::testing {
namespace {

std::string public_bytes(const std::string& file) {
  return read_file(std::string(SYNCHRODB_TEST_DATA) + "/histories/" + file);
}

Verdict judge(const nlohmann::json& listed) {
  const std::string file = listed["file"];
  const std::string model = listed["model"];
  const std::string bytes = public_bytes(file);
  for (const ObjectModel object : {ObjectModel::kSet, ObjectModel::kCounter, ObjectModel::kBank}) {
    if (name(object) != model) continue;
    const ObjectsResult read = read_objects(bytes, object);
    EXPECT_EQ(read.error, "") << file;
    return check_objects(read.history).verdict;
  }
  const TransactionsResult read = read_transactions(
      bytes, model == "list-append" ? TransactionKind::kListAppend : TransactionKind::kRwRegister);
  EXPECT_EQ(read.error, "") << file;
  TransactionOptions options;
  options.required = *parse_consistency_model(listed["consistency"].get<std::string>());
  return check_transactions(read.history, elle_dialect(options)).verdict;
}

TEST(PublicTransactionsTest, EachGetsItsListedVerdict) {
  const auto all = nlohmann::json::parse(public_bytes("elle_verdicts.json"));
  EXPECT_EQ(all.size(), 6U);
  for (const auto& listed : all) {
    EXPECT_EQ(judge(listed), listed["valid"] ? Verdict::kValid : Verdict::kInvalid) << listed;
  }
}

// By its data alone it has exactly a G2-item and is of snapshot isolation; its times say more.
TEST(PublicTransactionsTest, SnapshotIsolationWithoutGSingle) {
  const TransactionsResult read =
      read_transactions(public_bytes("elle/si-without-g-single.edn"), TransactionKind::kListAppend);
  ASSERT_EQ(read.error, "");
  const TransactionJudgement judgement = check_transactions(read.history);
  EXPECT_EQ(judgement.anomalies, set_of(Anomaly::kG2Item) | set_of(Anomaly::kGSingleRealtime));
  EXPECT_EQ(judgement.ruled_out & set_of(ConsistencyModel::kSnapshotIsolation), 0U);
  EXPECT_NE(judgement.ruled_out & set_of(ConsistencyModel::kRepeatableRead), 0U);
}

// One read of a value that nobody wrote: Elle lets that pass.
TEST(PublicTransactionsTest, GarbageIsConvictedUnlessAskedToLetItPass) {
  const TransactionsResult read = read_transactions(public_bytes("elle-cli/elle/rw-register.edn"),
                                                    TransactionKind::kRwRegister);
  EXPECT_EQ(check_transactions(read.history).verdict, Verdict::kInvalid);
  EXPECT_EQ(check_transactions(read.history, elle_dialect({})).verdict, Verdict::kValid);
}

}  // namespace
}  // namespace synchrodb::check::testing
