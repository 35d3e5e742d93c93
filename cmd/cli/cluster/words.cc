#include "cmd/cli/cluster/words.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cmd/cli/output.h"

namespace synchrodb::cli {
namespace {

constexpr std::array<ClusterWord, 15> kWords = {{
    {"status", "", "every node: role, term, log, keys, memory"},
    {"members", "", "who belongs to the cluster, as the asked node knows it"},
    {"add", "ID HOST:RPCPORT [--learner]", "adds a node: learner first, then voter"},
    {"remove", "ID", "removes a node; its id is never to be given to another"},
    {"transfer-leader", "[ID]", "hands leadership to a voter (the most up to date)"},
    {"snapshot", "", "the asked node makes a snapshot and drops the log before it"},
    {"backup", "FILE [--replace] [--no-snapshot]", "saves a fresh snapshot of the asked node"},
    {"backup-info", "FILE", "says what a backup is and whether it is whole"},
    {"metrics", "", "the asked node's metrics, in Prometheus' format"},
    {"log-level", "LEVEL", "trace, debug, info, warning, error or off, for the asked node"},
    {"wait", "[--timeout SECONDS]", "until the asked node knows a leader"},
    {"fault link", "PEER|all [--drop] [--delay MS] [--loss PERCENT]",
     "what becomes of messages from the asked node; no flag: heals"},
    {"fault clock", "[--wall OFFSET]", "moves its wall clock: 500ms, -2s; no flag: heals"},
    {"fault disk", "[--sync-delay MS] [--full] [--fail-syncs] [--lie]",
     "a slow, full, failing or lying disk; no flag: heals"},
    {"fault power", "", "as if its power failed: what was not synced is gone"},
}};

}  // namespace

std::span<const ClusterWord> cluster_words() {
  return kWords;
}

bool is_administration(std::span<const std::string> words) {
  if (words.empty() || words[0] != "cluster") return false;
  // Alone, or asked for help, it is ours too: Redis' CLUSTER always has a second word.
  if (words.size() == 1 || words[1].starts_with("-")) return true;
  if (words[1] == "restore" || words[1] == "recover") return true;  // to say where they are
  return std::any_of(kWords.begin(), kWords.end(), [&words](const ClusterWord& word) {
    return word.name.substr(0, word.name.find(' ')) == words[1];
  });
}

std::string cluster_overview() {
  std::vector<std::vector<std::string>> rows;
  for (const ClusterWord& word : kWords) {
    std::string usage = "  cluster " + std::string(word.name);
    if (!word.arguments.empty()) usage += " " + std::string(word.arguments);
    rows.push_back({std::move(usage), ""});
    rows.push_back({"        " + std::string(word.summary), ""});
  }
  return format_table(rows);
}

}  // namespace synchrodb::cli
