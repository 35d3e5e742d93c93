// backup, backup-info.
#include <chrono>
#include <ctime>
#include <memory>

#include "cmd/cli/cluster/commands.h"
#include "net/client/backup_file.h"

namespace synchrodb::cli {
namespace {

using net::BackupHeader;
using net::BackupWriter;
using net::administration::NodeStatus;
using net::administration::SnapshotPiece;
using Client = net::administration::Client;

struct Arguments {
  std::string file;
  bool replace = false;
  bool no_snapshot = false;
};

std::uint64_t now_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::string utc(std::uint64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  char text[64];
  if (::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return "?";
  }
  return text;
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string describe(const std::string& file, const BackupHeader& header) {
  return file + ": whole\n  cluster   " + net::administration::to_hex(header.cluster) +
         "\n  index     " + std::to_string(header.index) + "\n  from      node " +
         std::to_string(header.node) + "\n  made      " + utc(header.made_ms) + "\n  size      " +
         format_bytes(header.bytes) + "\n  checksum  " + hex(header.checksum);
}

Json header_json(const std::string& file, const BackupHeader& header) {
  return {{"file", file},
          {"cluster", net::administration::to_hex(header.cluster)},
          {"index", header.index},
          {"node", header.node},
          {"made_ms", header.made_ms},
          {"bytes", header.bytes},
          {"checksum", hex(header.checksum)}};
}

// Copies the node's newest snapshot into `out`, piece by piece; its index.
Result<std::uint64_t> copy_snapshot(Operator& op, Client& node, BackupWriter& out) {
  std::uint64_t index = 0;
  std::uint64_t total = 0;
  do {
    Result<SnapshotPiece> asked = op.ask(node.read_snapshot(index, out.bytes()));
    if (!asked) return asked.error();
    const SnapshotPiece& piece = asked.value();
    if (out.bytes() == 0) {
      index = piece.index;
      total = piece.total;
      if (index == 0) return Error{ErrorCode::kNotFound, "the node has no snapshot yet"};
    }
    if (piece.index != index || piece.total != total) {
      return Error{ErrorCode::kCorrupt, "the node changed the snapshot while it was read: again"};
    }
    if (piece.bytes.empty() && out.bytes() < total) {
      return Error{ErrorCode::kCorrupt, "the snapshot ended at byte " +
                                            std::to_string(out.bytes()) + " of " +
                                            std::to_string(total)};
    }
    if (piece.bytes.size() > total - out.bytes()) {
      return Error{ErrorCode::kCorrupt,
                   "the node sent more than the " + std::to_string(total) + " bytes it announced"};
    }
    if (Result<> written = out.append(piece.bytes); !written) return written.error();
  } while (out.bytes() < total);
  return index;
}

int backup_command(Operator& op, const Arguments& arguments) {
  Result<std::unique_ptr<BackupWriter>> out =
      BackupWriter::create(arguments.file, arguments.replace);
  if (!out) {
    const bool exists = out.error().message.ends_with("exists already");
    return op.misuse(out.error().message + (exists ? " (--replace overwrites it)" : ""));
  }
  Result<Client*> node = op.node();
  if (!node) return op.fail(node.error());
  Result<NodeStatus> status = op.ask(node.value()->status());
  if (!status) return op.fail(status.error());
  if (!arguments.no_snapshot) {
    Result<std::uint64_t> taken = op.ask(node.value()->take_snapshot());
    if (!taken) return op.fail(taken.error());
  }
  Result<std::uint64_t> index = copy_snapshot(op, *node.value(), *out.value());
  if (!index) return op.fail(index.error());
  BackupHeader header;
  header.cluster = status.value().cluster;
  header.node = status.value().node;
  header.index = index.value();
  header.made_ms = now_ms();
  Result<BackupHeader> saved = out.value()->commit(header);
  if (!saved) return op.fail(saved.error());
  return op.done(describe(arguments.file, saved.value()),
                 header_json(arguments.file, saved.value()));
}

int backup_info_command(Operator& op, const Arguments& arguments) {
  Result<BackupHeader> header = net::read_backup(arguments.file);
  if (!header) return op.fail(header.error());
  return op.done(describe(arguments.file, header.value()),
                 header_json(arguments.file, header.value()));
}

}  // namespace

void add_backup_words(CLI::App& cluster, Operator& op, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* backup = add_word(cluster, op, "backup");
  backup->add_option("file", arguments->file, "where to")->required();
  backup->add_flag("--replace", arguments->replace, "overwrites FILE, once the new one is whole");
  backup->add_flag("--no-snapshot", arguments->no_snapshot,
                   "saves the newest snapshot that the node has, however old");
  backup->footer("`synchrodb-server restore` puts a backup into an empty data folder.");
  backup->callback([=, &op, &exit_code] { exit_code = backup_command(op, *arguments); });

  CLI::App* info = add_word(cluster, op, "backup-info");
  info->add_option("file", arguments->file)->required();
  info->callback([=, &op, &exit_code] { exit_code = backup_info_command(op, *arguments); });
}

}  // namespace synchrodb::cli
