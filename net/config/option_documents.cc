#include "net/config/option_documents.h"

#include <algorithm>
#include <string_view>

#include "consensus/assert.h"
#include "net/config/option_table.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kHelpColumn = 34;

// Appends the words of `text`, each line begun by `margin`; the first one goes on where `out` ends,
// at `column`.
void append_wrapped(std::string& out, std::string_view text, const std::string& margin,
                    std::size_t column) {
  bool line_is_empty = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (!line_is_empty && column + 1 + end > kWidth) {
      out += "\n" + margin;
      column = margin.size();
      line_is_empty = true;
    }
    if (!line_is_empty) out.push_back(' ');
    out.append(text.substr(0, end));
    column += end + (line_is_empty ? 0 : 1);
    line_is_empty = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Units of measure are named, things that are counted are not.
std::string number_word(std::string_view unit) {
  if (unit == "us") return "MICROSECONDS";
  if (unit == "ms") return "MS";
  if (unit == "s") return "SECONDS";
  if (unit == "ppm" || unit == "KiB" || unit == "MiB") return std::string(unit);
  return "N";
}

std::string value_word(const OptionSpec& spec) {
  switch (spec.domain.kind) {
    case ValueKind::kSwitch:
      return "yes|no";
    case ValueKind::kInteger:
      return number_word(spec.unit);
    case ValueKind::kMemory:
      return "SIZE";
    case ValueKind::kChoice: {
      std::string words;
      for (const std::string& word : split_list(spec.domain.choices)) {
        words += (words.empty() ? "" : "|") + word;
      }
      return words;
    }
    case ValueKind::kText:
      return "TEXT";
    case ValueKind::kList:
      return "LIST";
  }
  return "";
}

std::string default_text(const OptionSpec& spec) {
  const std::string text = readable_text(spec.domain, default_value(spec));
  return text.empty() ? "" : " [" + text + "]";
}

void append_flag(std::string& out, const std::string& flag, const std::string& help) {
  const std::string margin(kHelpColumn, ' ');
  std::string line = "  " + flag;
  if (line.size() + 2 > kHelpColumn) {
    out += line + "\n" + margin;
  } else {
    line.resize(kHelpColumn, ' ');
    out += line;
  }
  append_wrapped(out, help, margin, kHelpColumn);
  out.push_back('\n');
}

void append_comment(std::string& out, const std::string& text) {
  out += "# ";
  append_wrapped(out, text, "# ", 2);
  out.push_back('\n');
}

std::string capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

// What the option does. Where that begins with a choice, "log: …", the choice keeps its spelling.
std::string meaning(const OptionSpec& spec) {
  const std::string help(spec.help);
  const std::size_t end = help.find_first_of(": ");
  return end < help.size() && help[end] == ':' ? help : capitalised(help);
}

// The limits and the other facts of an option; may be empty.
std::string facts(const OptionSpec& spec) {
  const bool free_form =
      spec.domain.kind == ValueKind::kText || spec.domain.kind == ValueKind::kList;
  std::string text = spec.domain.kind == ValueKind::kSwitch ? "true or false"
                     : free_form                            ? ""
                                                            : describe(spec.domain);
  if (!spec.unit.empty()) text += " (" + std::string(spec.unit) + ")";
  if (spec.runtime) text += std::string(text.empty() ? "" : "; ") + "CONFIG SET may change it";
  return capitalised(text);
}

void append_sample(std::string& out, const OptionSpec& spec) {
  const std::string name(spec.name);
  out.push_back('\n');
  append_comment(out, meaning(spec) + ".");
  if (const std::string text = facts(spec); !text.empty()) append_comment(out, text + ".");
  Result<OptionValue> example = parse_value(spec.domain, spec.example);
  SYNCHRODB_ASSERT(example.ok(), "an option's example that its own domain refuses");
  out += "#   " + name + " = " + toml_text(spec.domain, example.value()) + "\n";
  out += name + " = " + toml_text(spec.domain, default_value(spec)) + "\n";
}

}  // namespace

std::string help_text() {
  std::string out =
      "synchrodb-server: a node of a replicated key-value store that speaks the Redis protocol\n"
      "\n"
      "Usage: synchrodb-server [--config FILE] [--OPTION VALUE]...\n"
      "       synchrodb-server restore --help   a new cluster from a backup\n"
      "       synchrodb-server recover --help   a cluster that lost its quorum for good\n"
      "\n"
      "Without options it serves Redis clients at 127.0.0.1:7379, as a cluster of one node that "
      "keeps\n"
      "its data in ./synchrodb-data.\n"
      "\n"
      "What is given as a flag goes before the environment, the environment before the file, and "
      "the\n"
      "file before the defaults, which stand here in brackets. The environment variable of an "
      "option is\n"
      "its name in capitals: SYNCHRODB_RPC_PORT for --rpc-port. Sizes may have a unit: 64kb, "
      "100mb, "
      "2gb.\n"
      "A switch without a value is switched on. Options marked * can be changed while the server "
      "runs,\n"
      "by CONFIG SET.\n"
      "\n"
      "General\n";
  append_flag(out, "--config FILE", "a TOML file with options (SYNCHRODB_CONFIG)");
  append_flag(out, "--print-config", "print a commented sample of such a file, and exit");
  append_flag(out, "--help", "print this, and exit");
  append_flag(out, "--version", "print the version, and exit");
  for (const GroupSpec& group : option_groups()) {
    out += "\n" + std::string(group.title) + "\n";
    for (const OptionSpec& spec : option_table()) {
      if (spec.group != group.group) continue;
      append_flag(
          out, "--" + std::string(spec.name) + " " + value_word(spec) + (spec.runtime ? " *" : ""),
          std::string(spec.help) + default_text(spec));
    }
  }
  return out;
}

std::string sample_file() {
  std::string out =
      "# synchrodb-server: every option, with its default. Start a server with\n"
      "#   synchrodb-server --config synchrodb.toml\n"
      "# Flags (--port 6379) and environment variables (SYNCHRODB_PORT=6379) have the same names, "
      "and go\n"
      "# before this file. Sizes are numbers of bytes, or texts with a unit: \"64kb\", \"100mb\", "
      "\"2gb\".\n"
      "# Lists are arrays of texts. The indented line above an option is an example.\n"
      "# This file is printed by: synchrodb-server --print-config\n";
  for (const GroupSpec& group : option_groups()) {
    out += "\n# ---- " + std::string(group.title) + "\n[" + std::string(group.table) + "]\n";
    for (const OptionSpec& spec : option_table()) {
      if (spec.group == group.group) append_sample(out, spec);
    }
  }
  return out;
}

}  // namespace synchrodb::net
