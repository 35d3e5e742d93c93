// fault link|clock|disk|power: for servers that were started with --enable-fault-injection.
#include <array>
#include <charconv>
#include <cmath>
#include <memory>

#include "cmd/cli/cluster/commands.h"

namespace synchrodb::cli {
namespace {

using net::administration::DiskFault;
using net::administration::LinkFault;
using Client = net::administration::Client;

constexpr std::uint32_t kMaxDelayMs = 3'600'000;

struct Arguments {
  std::string peer;
  LinkFault link;
  double loss_percent = 0;
  DiskFault disk;
  std::string wall;
};

// "500ms", "-2s", "0": a number and its unit.
Result<std::int64_t> parse_offset(const std::string& flag, const std::string& text) {
  const Error wrong{ErrorCode::kInvalid,
                    flag + ": \"" + text + "\" is no span of time such as 500ms, -2s or 1.5h"};
  if (text.empty() || text == "0") return std::int64_t{0};
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc()) return wrong;
  constexpr std::array<std::pair<std::string_view, double>, 6> kUnits = {
      {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [name, ns] : kUnits) {
    if (std::string_view(unit, last) != name) continue;
    constexpr double kMaxNs = 9.2e18;
    if (!(std::abs(number * ns) < kMaxNs)) return wrong;
    return static_cast<std::int64_t>(std::llround(number * ns));
  }
  return wrong;
}

// Sends one fault; `what` says in words what holds now.
template <class Call>
int inject(Operator& op, const std::string& what, Call call) {
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<> done = op.ask(call(*node.value()));
  if (!done) return op.fail(done.error());
  return op.done(what, {{"done", what}});
}

int link_command(Operator& op, Arguments& arguments) {
  std::uint64_t peer = 0;
  if (arguments.peer != "all") {
    const char* const last = arguments.peer.data() + arguments.peer.size();
    const auto [end, error] = std::from_chars(arguments.peer.data(), last, peer);
    if (error != std::errc() || end != last || peer == 0) {
      return op.misuse("fault link: \"" + arguments.peer + "\" is neither a node's id nor all");
    }
  }
  LinkFault& fault = arguments.link;
  fault.loss_ppm = static_cast<std::uint32_t>(std::lround(arguments.loss_percent * 10'000));
  const std::string to = peer == 0 ? "everyone" : "node " + std::to_string(peer);
  const bool healed = !fault.drop && fault.delay_ms == 0 && fault.loss_ppm == 0;
  return inject(op, "messages to " + to + (healed ? ": as usual" : ": disturbed"),
                [&](Client& node) { return node.set_link(peer, fault); });
}

int clock_command(Operator& op, const Arguments& arguments) {
  const Result<std::int64_t> wall = parse_offset("--wall", arguments.wall);
  if (!wall) return op.misuse(wall.error().message);
  return inject(op, "wall clock: " + std::to_string(wall.value()) + " ns off",
                [&](Client& node) { return node.set_clock_offset(wall.value()); });
}

int disk_command(Operator& op, const Arguments& arguments) {
  const DiskFault& fault = arguments.disk;
  const bool healed = fault.sync_delay_ms == 0 && !fault.full && !fault.fail_syncs && !fault.lie;
  return inject(op, healed ? "disk: as usual" : "disk: disturbed",
                [&](Client& node) { return node.set_disk(fault); });
}

}  // namespace

void add_fault_words(CLI::App& cluster, Operator& op, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* fault =
      cluster.add_subcommand("fault", "faults, for servers started with --enable-fault-injection");
  fault->require_subcommand(1);

  CLI::App* link = add_word(*fault, op, "fault link");
  link->add_option("peer", arguments->peer, "id of a node, or all")->required();
  link->add_flag("--drop", arguments->link.drop, "no message arrives");
  link->add_option("--delay", arguments->link.delay_ms, "milliseconds")
      ->check(CLI::Range(0U, kMaxDelayMs));
  link->add_option("--loss", arguments->loss_percent, "percent of messages")
      ->check(CLI::Range(0.0, 100.0));
  link->callback([=, &op, &exit_code] { exit_code = link_command(op, *arguments); });

  CLI::App* clock = add_word(*fault, op, "fault clock");
  clock->add_option("--wall", arguments->wall, "offset of civil time: 500ms, -2s");
  clock->callback([=, &op, &exit_code] { exit_code = clock_command(op, *arguments); });

  CLI::App* disk = add_word(*fault, op, "fault disk");
  disk->add_option("--sync-delay", arguments->disk.sync_delay_ms, "milliseconds, for every sync")
      ->check(CLI::Range(0U, kMaxDelayMs));
  disk->add_flag("--full", arguments->disk.full, "no space is left");
  disk->add_flag("--fail-syncs", arguments->disk.fail_syncs, "syncs fail");
  disk->add_flag("--lie", arguments->disk.lie, "syncs say that they worked and do nothing");
  disk->callback([=, &op, &exit_code] { exit_code = disk_command(op, *arguments); });

  add_word(*fault, op, "fault power")->callback([&op, &exit_code] {
    exit_code = inject(op, "the node is off", [](Client& node) { return node.lose_power(); });
  });
}

}  // namespace synchrodb::cli
