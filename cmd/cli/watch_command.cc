#include "cmd/cli/watch_command.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "cmd/cli/exit_codes.h"
#include "cmd/cli/output.h"
#include "net/client/database.h"

namespace synchrodb::cli {
namespace {

using net::WatchedChange;
using net::WatchedChanges;

const char* kind_of(const WatchedChange& change) {
  switch (change.kind) {
    case WatchedChange::Kind::kPut:
      return "put";
    case WatchedChange::Kind::kDeleted:
      return "deleted";
    case WatchedChange::Kind::kCleared:
      return "cleared";
  }
  return "";
}

void print_change(const WatchedChange& change, Format format) {
  const Reply key = Reply::bulk(change.record.key);
  const Reply value = Reply::bulk(change.record.value);
  const bool has_key = change.kind != WatchedChange::Kind::kCleared;
  const bool has_value = change.kind == WatchedChange::Kind::kPut && !change.value_omitted;
  if (format == Format::kJson) {
    Json json = {{"index", change.index}, {"change", kind_of(change)}};
    if (has_key) json["key"] = to_json(key);
    if (has_value) json["value"] = to_json(value);
    if (has_value && change.record.expiry_ms >= 0) json["expiry_ms"] = change.record.expiry_ms;
    return print_json(json);
  }
  std::string line = std::to_string(change.index) + " " + kind_of(change);
  for (const Reply* part : {has_key ? &key : nullptr, has_value ? &value : nullptr}) {
    if (part == nullptr) continue;
    std::string text = format_reply(*part, {}, format);
    text.pop_back();  // its line break
    line += " " + text;
  }
  if (change.value_omitted) line += " (a value above 1 MiB)";
  print(line + "\n");
}

void print_changes(const WatchedChanges& told, Format format) {
  if (told.missed && format == Format::kJson) print_json({{"missed_up_to", told.up_to}});
  if (told.missed && format != Format::kJson) {
    complain("changes up to " + std::to_string(told.up_to) + " are not remembered any more");
  }
  for (const WatchedChange& change : told.changes) print_change(change, format);
}

void say_failed(const std::string& why, Format format) {
  complain(why);
  if (format == Format::kJson) print_json({{"error", why}});
}

// Until the watch cannot go on. The exit code.
int print_all(const Context& context, net::DatabaseWatch& watch) {
  const Format format = context.options.format;
  while (true) {
    const WatchedChanges told = watch.next().wait(context.io.waitScope);
    if (told.failed.empty()) {
      print_changes(told, format);
      continue;
    }
    const std::string rpc = context.options.rpc.text();
    say_failed((told.unreachable ? "cannot reach the RPC port " + rpc : rpc + " refuses") + ": " +
                   told.failed,
               format);
    return told.unreachable ? kExitNoConnection : kExitFailed;
  }
}

// False: no node began it in time, of which the library, which goes on trying, says nothing.
bool begins(const Context& context, net::DatabaseWatch& watch) {
  const kj::Duration patience = context.options.dial.timeout;
  auto begun = watch.begun().then([](std::uint64_t) { return true; });
  auto late = context.dialer.timer().afterDelay(patience).then([] { return false; });
  if (begun.exclusiveJoin(kj::mv(late)).wait(context.io.waitScope)) return true;
  const std::string why =
      "no watch began in " + format_span(static_cast<double>(patience / kj::MILLISECONDS) / 1e3) +
      ": nobody answers at " + context.options.rpc.text() + ", or it finds no leader";
  say_failed(why, context.options.format);
  return false;
}

}  // namespace

bool is_watch(std::span<const std::string> words) {
  return !words.empty() && words[0] == "watch";
}

int run_watch(const Context& context, std::span<const std::string> words) {
  std::string prefix;
  std::uint64_t from = 0;
  CLI::App app{"Prints every change of the keys that begin with PREFIX, with its log index.",
               "synchrodb-cli watch"};
  app.add_option("PREFIX", prefix, "empty: all keys")->required();
  app.add_option("--from", from, "begin at this log index, as far as it is remembered (now)");
  std::vector<std::string> reversed(words.rbegin(), words.rend() - 1);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  net::DatabaseOptions options;
  options.password = context.options.password;
  net::Database database(context.dialer, {context.options.rpc}, options);
  kj::Own<net::DatabaseWatch> watch = database.watch(net::KeysOf::prefix(prefix), from);
  if (!begins(context, *watch)) return kExitNoConnection;
  return print_all(context, *watch);
}

}  // namespace synchrodb::cli
