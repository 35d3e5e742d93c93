// The ids of clusters: founders agree on them, and no two clusters share one.
#include "net/server/cluster_name.h"

#include <gtest/gtest.h>

namespace synchrodb::net {
namespace {

ServerOptions founders(std::vector<FoundingMember> members) {
  ServerOptions options;
  options.cluster.initial_cluster = std::move(members);
  return options;
}

const FoundingMember kFirst{NodeId{1}, {"10.0.0.1", 17379}};
const FoundingMember kSecond{NodeId{2}, {"10.0.0.2", 17379}};
const FoundingMember kThird{NodeId{3}, {"10.0.0.3", 17379}};

TEST(ClusterName, IsThatOfItsFoundersInAnyOrder) {
  const auto name = cluster_of_founders(founders({kFirst, kSecond, kThird}));
  ASSERT_TRUE(name);
  EXPECT_EQ(name, cluster_of_founders(founders({kThird, kFirst, kSecond})));
  EXPECT_NE(name, cluster_of_founders(founders({kFirst, kSecond})));
}

TEST(ClusterName, OfANodeAloneIsItsOwnChoice) {
  EXPECT_FALSE(cluster_of_founders(founders({kFirst})));
  EXPECT_FALSE(cluster_of_founders(ServerOptions{}));
  EXPECT_FALSE(restored_cluster(founders({kFirst}), BackupHeader{}));
  EXPECT_NE(random_cluster().value(), random_cluster().value());
}

TEST(ClusterName, OfARestoredClusterIsAnother) {
  const ServerOptions options = founders({kFirst, kSecond, kThird});
  BackupHeader backup;
  backup.index = 7;
  backup.checksum = 1;
  const auto restored = restored_cluster(options, backup);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored, restored_cluster(founders({kThird, kSecond, kFirst}), backup));
  EXPECT_NE(restored, cluster_of_founders(options));
  BackupHeader other = backup;
  other.checksum = 2;
  EXPECT_NE(restored, restored_cluster(options, other));
  other = backup;
  other.cluster[0] = 1;
  EXPECT_NE(restored, restored_cluster(options, other));
}

}  // namespace
}  // namespace synchrodb::net
