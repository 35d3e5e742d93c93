#include "cmd/cli/syntax.h"

#include <algorithm>
#include <set>

#include "cmd/cli/cluster/words.h"
#include "engine/kv/ascii.h"
#include "engine/kv/command_table.h"

namespace synchrodb::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) words.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// The value of `key` in a map, or in the array of pairs that RESP2 makes of one; null: not there.
const Reply* field(const Reply& map, std::string_view key) {
  if (map.kind() != Reply::Kind::kMap && map.kind() != Reply::Kind::kArray) return nullptr;
  const std::vector<Reply>& elements = map.elements();
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    const Reply::Kind kind = elements[i].kind();
    const bool text = kind == Reply::Kind::kBulk || kind == Reply::Kind::kStatus;
    if (text && elements[i].text() == key) return &elements[i + 1];
  }
  return nullptr;
}

std::string text_field(const Reply& map, std::string_view key) {
  const Reply* value = field(map, key);
  const bool text = value != nullptr &&
                    (value->kind() == Reply::Kind::kBulk || value->kind() == Reply::Kind::kStatus);
  return text ? value->text() : "";
}

bool has_flag(const Reply& argument, std::string_view name) {
  const Reply* flags = field(argument, "flags");
  if (flags == nullptr ||
      (flags->kind() != Reply::Kind::kArray && flags->kind() != Reply::Kind::kSet)) {
    return false;
  }
  return std::any_of(flags->elements().begin(), flags->elements().end(), [name](const Reply& flag) {
    const bool text = flag.kind() == Reply::Kind::kBulk || flag.kind() == Reply::Kind::kStatus;
    return text && flag.text() == name;
  });
}

std::string joined_arguments(const Reply* arguments, std::string_view separator);

std::string argument_text(const Reply& argument) {
  const std::string type = text_field(argument, "type");
  const std::string token = text_field(argument, "token");
  const bool optional = has_flag(argument, "optional");
  std::string text;
  if (type == "pure-token") {
    text = token;
  } else {
    if (type == "oneof") {
      text = joined_arguments(field(argument, "arguments"), " | ");
      if (!optional || !token.empty()) text = "<" + text + ">";
    } else if (type == "block") {
      text = joined_arguments(field(argument, "arguments"), " ");
    } else {
      text = text_field(argument, "display_text");
      if (text.empty()) text = text_field(argument, "name");
    }
    const std::string alone = text;
    if (!token.empty()) text = (token + " ").append(text);
    if (has_flag(argument, "multiple")) {
      const std::string& again = has_flag(argument, "multiple_token") ? text : alone;
      text += (" [" + again).append(" ...]");
    }
  }
  return optional ? ("[" + text).append("]") : text;
}

std::string joined_arguments(const Reply* arguments, std::string_view separator) {
  std::string text;
  if (arguments == nullptr || arguments->kind() != Reply::Kind::kArray) return text;
  for (const Reply& argument : arguments->elements()) {
    if (!text.empty()) text += separator;
    text += argument_text(argument);
  }
  return text;
}

// "key value [NX | XX]" without its first `count` arguments; those in brackets stay, because nobody
// knows which of them were given.
std::string_view without_given(std::string_view arguments, std::size_t count) {
  for (; count > 0 && !arguments.empty(); --count) {
    if (arguments[0] == '[' || arguments[0] == '<') break;
    const std::size_t end = arguments.find(' ');
    arguments.remove_prefix(end == std::string_view::npos ? arguments.size() : end + 1);
  }
  return arguments;
}

std::string describe(std::string_view name, const Syntax& syntax) {
  const bool ours = syntax.group == "administration";
  std::string text = "\n  " + (ours ? std::string(name) : upper(name));
  if (!syntax.arguments.empty()) text += " " + syntax.arguments;
  text += "\n  " + syntax.summary + "\n";
  if (!syntax.since.empty()) text += "  since: Redis " + syntax.since + "\n";
  if (!syntax.group.empty()) text += "  group: " + syntax.group + "\n";
  return text;
}

}  // namespace

std::string arguments_text(const Reply& arguments) {
  return joined_arguments(&arguments, " ");
}

SyntaxBook::SyntaxBook() {
  for (const CommandSpec& spec : command_table()) {
    commands_[std::string(spec.name)] =
        Syntax{std::string(spec.arguments), std::string(spec.summary), std::string(spec.since),
               std::string(to_string(spec.group))};
  }
  for (const ClusterWord& word : cluster_words()) {
    commands_["cluster " + std::string(word.name)] =
        Syntax{std::string(word.arguments), std::string(word.summary), "", "administration"};
  }
}

void SyntaxBook::learn(const Reply& docs) {
  if (docs.kind() != Reply::Kind::kMap && docs.kind() != Reply::Kind::kArray) return;
  const std::vector<Reply>& elements = docs.elements();
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].kind() != Reply::Kind::kBulk && elements[i].kind() != Reply::Kind::kStatus) {
      continue;
    }
    std::string name = lower(elements[i].text());
    std::replace(name.begin(), name.end(), '|', ' ');
    const Reply& told = elements[i + 1];
    Syntax& known = commands_[name];
    if (known.group == "administration") continue;
    // A server may tell less than the table knows.
    const auto take = [&told](std::string& into, std::string_view key) {
      if (std::string text = text_field(told, key); !text.empty()) into = std::move(text);
    };
    take(known.summary, "summary");
    take(known.since, "since");
    take(known.group, "group");
    if (const Reply* arguments = field(told, "arguments")) {
      if (std::string text = arguments_text(*arguments); !text.empty()) known.arguments = text;
    }
    if (const Reply* subcommands = field(told, "subcommands")) learn(*subcommands);
  }
}

std::vector<std::string> SyntaxBook::complete(std::string_view line) const {
  std::vector<std::string> words = words_of(line);
  if (words.empty() || line.back() == ' ') words.emplace_back();
  const std::string typed = words.back();
  std::string prefix;
  for (const std::string& word : words) prefix += (prefix.empty() ? "" : " ") + lower(word);
  if (words.size() > 3) return {};
  const bool loud = typed.empty() ? words[0] != lower(words[0]) : typed != lower(typed);
  std::set<std::string> found;
  for (auto at = commands_.lower_bound(prefix);
       at != commands_.end() && at->first.starts_with(prefix); ++at) {
    const std::size_t from = prefix.size() - typed.size();
    const std::size_t end = at->first.find(' ', from);
    const std::string word = at->first.substr(from, end == std::string::npos ? end : end - from);
    const bool ours = at->second.group == "administration" || word == "cluster";
    found.insert(loud && !ours ? upper(word) : word);
  }
  return {found.begin(), found.end()};
}

std::string SyntaxBook::hint(std::string_view line) const {
  const std::vector<std::string> words = words_of(line);
  // The longest name that fits: "config set" before "config".
  for (std::size_t length = std::min<std::size_t>(3, words.size()); length > 0; --length) {
    std::string name;
    for (std::size_t i = 0; i < length; ++i) name += (i == 0 ? "" : " ") + lower(words[i]);
    const auto found = commands_.find(name);
    if (found == commands_.end()) continue;
    // The word being typed counts once it has begun.
    return std::string(without_given(found->second.arguments, words.size() - length));
  }
  return "";
}

std::string SyntaxBook::help(std::string_view name) const {
  const std::string wanted = lower(name);
  std::string text;
  for (auto at = commands_.lower_bound(wanted);
       at != commands_.end() && at->first.starts_with(wanted); ++at) {
    const bool within = at->first.size() == wanted.size() || at->first[wanted.size()] == ' ';
    if (within) text += describe(at->first, at->second);
  }
  return text.empty() ? text : text + "\n";
}

std::string SyntaxBook::overview() const {
  std::map<std::string, std::string> groups;
  for (const auto& [name, syntax] : commands_) {
    if (syntax.group == "administration") continue;
    std::string& line = groups[syntax.group.empty() ? "others" : syntax.group];
    if (name.find(' ') == std::string::npos) line += " " + upper(name);
  }
  std::string text = "Type a command, or: help COMMAND, help cluster, clear, exit.\n\n";
  for (const auto& [group, names] : groups) {
    text.append(group).append(":").append(names).append("\n");
  }
  return text + "\nAdministration:\n" + cluster_overview();
}

}  // namespace synchrodb::cli
