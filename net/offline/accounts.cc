#include "net/offline/accounts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "net/config/server_options.h"

namespace synchrodb::net {
namespace {

std::string list(const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : ", ") + std::to_string(node.value);
  return text.empty() ? "none" : text;
}

nlohmann::json numbers(const std::vector<NodeId>& nodes) {
  nlohmann::json all = nlohmann::json::array();
  for (const NodeId node : nodes) all.push_back(node.value);
  return all;
}

Index snapshot_of(const Survivor& survivor) {
  return survivor.state.snapshot ? survivor.state.snapshot->index : Index{};
}

Index last_of(const Survivor& survivor) {
  const auto& entries = survivor.state.entries;
  return entries.empty() ? snapshot_of(survivor) : entries.back()->index();
}

bool damaged(const Survivor& survivor) {
  return survivor.state.fault || survivor.state.hard_state.recovery_term;
}

}  // namespace

std::string restored_text(const Restored& restored, const std::string& file,
                          const ServerOptions& options) {
  return fmt::format(
      "{} is node {} of a new cluster now, and begins with {}\n"
      "  cluster   {}\n"
      "  voters    {}\n"
      "  index     {}\n"
      "Every other voter needs the same: restore it from the same file. Then start the servers.\n",
      options.node.dir, node_id(options).value, file, restored.cluster.hex(),
      list(restored.members.voters), restored.backup.index);
}

nlohmann::json restored_json(const Restored& restored, const std::string& file,
                             const ServerOptions& options) {
  return {{"folder", options.node.dir},
          {"node", node_id(options).value},
          {"backup", file},
          {"cluster", restored.cluster.hex()},
          {"index", restored.backup.index},
          {"voters", numbers(restored.members.voters)}};
}

std::string survivor_text(const Survivor& survivor, const ServerOptions& options) {
  return fmt::format(
      "{} holds node {} of cluster {}\n"
      "  voters    {}\n"
      "  learners  {}\n"
      "  snapshot  at index {}\n"
      "  log       to index {}\n"
      "{}"
      "LOST: every acknowledged write above index {}, and there is no telling which there were.\n"
      "COMMITTED: every entry up to there, whether or not a majority had it.\n",
      options.node.dir, survivor.identity.node.value, survivor.identity.cluster.hex(),
      list(survivor.members.voters), list(survivor.members.learners), snapshot_of(survivor).value,
      last_of(survivor).value,
      damaged(survivor) ? "  DAMAGED   entries after the log's end, which this node had, are lost\n"
                        : "",
      last_of(survivor).value);
}

nlohmann::json survivor_json(const Survivor& survivor, const ServerOptions& options) {
  return {{"folder", options.node.dir},
          {"node", survivor.identity.node.value},
          {"cluster", survivor.identity.cluster.hex()},
          {"voters", numbers(survivor.members.voters)},
          {"learners", numbers(survivor.members.learners)},
          {"snapshot_index", snapshot_of(survivor).value},
          {"last_index", last_of(survivor).value},
          {"damaged", damaged(survivor)}};
}

std::string recovered_text(const Recovered& recovered, const ServerOptions& options) {
  return fmt::format(
      "Node {} is the only voter of a new cluster now\n"
      "  cluster   {}\n"
      "  entry     {} of term {} makes it so\n"
      "Start it as before. Nodes of the old cluster are refused: let new ones join, with empty\n"
      "folders and ids of their own (--join, then synchrodb-cli cluster add).\n",
      node_id(options).value, recovered.cluster.hex(), recovered.entry.index.value,
      recovered.entry.term.value);
}

nlohmann::json recovered_json(const Recovered& recovered, const ServerOptions& options) {
  return {{"node", node_id(options).value},
          {"cluster", recovered.cluster.hex()},
          {"index", recovered.entry.index.value},
          {"term", recovered.entry.term.value}};
}

}  // namespace synchrodb::net
