// add, remove, transfer-leader, snapshot, log-level.
#include <memory>

#include "cmd/cli/cluster/commands.h"

namespace synchrodb::cli {
namespace {

using Client = net::administration::Client;

struct Arguments {
  std::uint64_t node = 0;
  std::string rpc;
  bool learner = false;
  std::string level;
};

int add_command(Operator& op, const Arguments& arguments) {
  Result<net::Destination> rpc = net::parse_destination(arguments.rpc);
  if (!rpc) return op.misuse("cluster add: " + rpc.error().message);
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<bool> added =
      op.ask(node.value()->add(arguments.node, arguments.rpc, arguments.learner, op.timeout()));
  if (!added) return op.fail(added.error());
  const std::string role = arguments.learner ? "learner" : "voter";
  return op.done("node " + std::to_string(arguments.node) + " is a " + role +
                     (added.value() ? " already" : " now"),
                 {{"node", arguments.node}, {"rpc", arguments.rpc}, {"role", role}});
}

int remove_command(Operator& op, const Arguments& arguments) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<> removed = op.ask(node.value()->remove(arguments.node));
  if (!removed) return op.fail(removed.error());
  return op.done("node " + std::to_string(arguments.node) +
                     " is no member any more; never give its id to another node",
                 {{"node", arguments.node}, {"role", "removed"}});
}

int transfer_command(Operator& op, const Arguments& arguments) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<std::uint64_t> leader = op.ask(node.value()->transfer_leader(arguments.node));
  if (!leader) return op.fail(leader.error());
  return op.done("leader: " + std::to_string(leader.value()), {{"leader", leader.value()}});
}

int snapshot_command(Operator& op) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<std::uint64_t> index = op.ask(node.value()->take_snapshot());
  if (!index) return op.fail(index.error());
  return op.done("snapshot at index " + std::to_string(index.value()), {{"index", index.value()}});
}

int log_level_command(Operator& op, const Arguments& arguments) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<> set = op.ask(node.value()->set_log_level(arguments.level));
  if (!set) return op.fail(set.error());
  return op.done("log level: " + arguments.level, {{"level", arguments.level}});
}

// Ids are never 0: that is "none". (CLI11 by itself takes -1 for a great number.)
CLI::Option* take_node(CLI::App& word, Arguments& arguments) {
  const auto check = [](const std::string& text) -> std::string {
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    const bool zero = text.find_first_not_of('0') == std::string::npos;
    return digits && !zero ? "" : "\"" + text + "\" is no node's id (1 or more)";
  };
  return word.add_option("node", arguments.node, "id of a node")->check(check, "ID");
}

}  // namespace

void add_change_words(CLI::App& cluster, Operator& op, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* add = add_word(cluster, op, "add");
  take_node(*add, *arguments)->required();
  add->add_option("rpc", arguments->rpc, "HOST:PORT of its RPC port")->required();
  add->add_flag("--learner", arguments->learner, "it stays a learner: it follows, and has no vote");
  add->callback([=, &op, &exit_code] { exit_code = add_command(op, *arguments); });

  CLI::App* remove = add_word(cluster, op, "remove");
  take_node(*remove, *arguments)->required();
  remove->callback([=, &op, &exit_code] { exit_code = remove_command(op, *arguments); });

  CLI::App* transfer = add_word(cluster, op, "transfer-leader");
  take_node(*transfer, *arguments);
  transfer->callback([=, &op, &exit_code] { exit_code = transfer_command(op, *arguments); });

  add_word(cluster, op, "snapshot")->callback([&op, &exit_code] {
    exit_code = snapshot_command(op);
  });

  CLI::App* level = add_word(cluster, op, "log-level");
  level->add_option("level", arguments->level)
      ->required()
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "off"}));
  level->callback([=, &op, &exit_code] { exit_code = log_level_command(op, *arguments); });
}

}  // namespace synchrodb::cli
