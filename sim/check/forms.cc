#include "sim/check/forms.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace synchrodb::check {
namespace {

constexpr std::array<std::string_view, 4> kFormats = {"auto", "edn", "jepsen-log", "jsonl"};
constexpr std::string_view kLabel = "synchrodb-history";
constexpr std::string_view kLogMark = "jepsen.util - ";

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next line off `rest`.
std::string_view take_line(std::string_view* rest) {
  const std::size_t end = std::min(rest->find('\n'), rest->size());
  const std::string_view line = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return line;
}

std::string_view take_word(std::string_view* rest) {
  *rest = trimmed(*rest);
  const std::size_t end = std::min(rest->find_first_of(" \t"), rest->size());
  const std::string_view word = rest->substr(0, end);
  rest->remove_prefix(end);
  return word;
}

Format detect(std::string_view bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::string_view line = trimmed(take_line(&rest));
    if (line.empty() || line[0] == ';') continue;
    if (line.find(kLogMark) != std::string_view::npos) return Format::kJepsenLog;
    if (line[0] == '{' || line[0] == '[') {
      const std::string_view inner = trimmed(line.substr(1));
      const bool object = line[0] == '{';
      if (object && (inner.empty() || inner[0] == '"' || inner[0] == '}')) {
        return Format::kJsonLines;
      }
      if (!object && !inner.empty() && inner[0] == '{') {
        const std::string_view first = trimmed(inner.substr(1));
        if (!first.empty() && first[0] == '"') return Format::kJsonLines;
      }
      return Format::kEdn;
    }
    if (line[0] == '(' || line[0] == '#') return Format::kEdn;
    // Logs may begin with anything.
    return bytes.find(kLogMark) != std::string_view::npos ? Format::kJepsenLog : Format::kEdn;
  }
  return Format::kEdn;
}

class Forms {
 public:
  Forms(std::string_view bytes, Format format, FormSink& sink) : bytes_(bytes), sink_(sink) {
    result_.format = format == Format::kAuto ? detect(bytes) : format;
  }

  FormsResult run() {
    if (trimmed(bytes_).empty()) {
      result_.error = "the history is empty";
      return std::move(result_);
    }
    if (result_.format == Format::kJepsenLog) {
      read_log();
    } else if (result_.format == Format::kJsonLines) {
      read_json();
    } else {
      read_edn();
    }
    return std::move(result_);
  }

 private:
  bool fail(std::size_t line, std::string_view message) {
    result_.error = "line " + std::to_string(line) + ": " + std::string(message);
    return false;
  }

  bool give(const Edn& map, std::size_t line) {
    any_ = true;
    const std::string problem = sink_.form(map, line);
    return problem.empty() || fail(line, problem);
  }

  bool give_label(const Edn& label, std::size_t line) {
    const std::string problem = sink_.label(label);
    return problem.empty() || fail(line, problem);
  }

  bool read_edn() {
    std::string_view rest = bytes_;
    const std::string_view first = trimmed(take_line(&rest));
    if (const std::size_t mark = first.find(kLabel);
        !first.empty() && first[0] == ';' && mark != std::string_view::npos) {
      Edn label;
      EdnReader reader(first.substr(mark + kLabel.size()));
      if (!reader.read(&label)) return fail(1, reader.error());
      if (!give_label(label, 1)) return false;
    }
    EdnReader reader(bytes_);
    char close = 0;
    const bool enclosed = reader.enter(&close);
    while (!reader.at_end()) {
      if (enclosed && reader.leave(close)) {
        if (!reader.at_end()) return fail(reader.line(), "there is more after the history's end");
        return !reader.failed() || fail(reader.error_line(), reader.error());
      }
      const std::size_t line = reader.line();
      Edn map;
      if (!reader.read(&map)) break;
      if (!give(map, line)) return false;
    }
    if (reader.failed()) return fail(reader.error_line(), reader.error());
    if (enclosed) {
      return fail(reader.line(),
                  std::string("the text ends before the '") + close + "' that closes the history");
    }
    return true;
  }

  bool read_log() {
    std::string_view rest = bytes_;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      std::string_view line = take_line(&rest);
      const std::size_t mark = line.find(kLogMark);
      if (mark == std::string_view::npos) continue;
      line.remove_prefix(mark + kLogMark.size());
      if (!read_log_line(trimmed(line), number)) return false;
    }
    if (!any_) result_.error = "no line of the log is an operation";
    return result_.error.empty();
  }

  bool read_log_line(std::string_view line, std::size_t number) {
    const std::string_view process = take_word(&line);
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), id);
    if (error != std::errc() || end != process.data() + process.size()) {
      if (!process.empty() && process[0] == ':') return true;  // the nemesis
      return fail(number, "the process is not a number of 32 bits");
    }
    Edn map;
    map.kind = Edn::Kind::kMap;
    const auto put = [&map](std::string_view key, Edn value) {
      Edn name;
      name.kind = Edn::Kind::kKeyword;
      name.text = key;
      map.items.push_back(std::move(name));
      map.items.push_back(std::move(value));
    };
    Edn process_form;
    process_form.kind = Edn::Kind::kInteger;
    process_form.integer = id;
    put("process", std::move(process_form));
    for (const std::string_view field : {"type", "f"}) {
      const std::string_view word = take_word(&line);
      if (word.size() < 2 || word[0] != ':') {
        return fail(number, "the line ends before its " + std::string(field));
      }
      Edn form;
      form.kind = Edn::Kind::kKeyword;
      form.text = word.substr(1);
      put(field, std::move(form));
    }
    EdnReader reader(line, number);
    Edn value;
    if (reader.at_end()) return fail(number, "the line ends before its value");
    if (!reader.read(&value)) return fail(number, reader.error());
    if (!reader.at_end()) return fail(number, "there is more after the value");
    put("value", std::move(value));
    return give(map, number);
  }

  bool read_json() {
    using Json = nlohmann::json;
    if (trimmed(bytes_).front() == '[') {
      const Json all = Json::parse(bytes_.begin(), bytes_.end(), nullptr, false);
      if (!all.is_array()) return fail(1, "not a JSON array");
      std::size_t position = 0;
      for (const Json& object : all) {
        if (!add_json(object, ++position)) return false;
      }
      return true;
    }
    std::string_view rest = bytes_;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::string_view line = trimmed(take_line(&rest));
      if (line.empty()) continue;
      const Json object = Json::parse(line.begin(), line.end(), nullptr, false);
      if (object.is_discarded()) return fail(number, "not a JSON object");
      if (!add_json(object, number)) return false;
    }
    return true;
  }

  bool add_json(const nlohmann::json& object, std::size_t line) {
    Edn map;
    if (!from_json(object, &map, 0)) return fail(line, "nested too deeply");
    if (const Edn* label = map.find(kLabel)) return give_label(*label, line);
    return give(map, line);
  }

  static bool from_json(const nlohmann::json& json, Edn* form, int depth) {
    constexpr int kDeepest = 64;
    if (depth > kDeepest) return false;
    if (json.is_number_integer() &&
        (!json.is_number_unsigned() || json.get<std::uint64_t>() <= std::uint64_t{INT64_MAX})) {
      form->kind = Edn::Kind::kInteger;
      form->integer = json.get<std::int64_t>();
    } else if (json.is_string()) {
      form->kind = Edn::Kind::kString;
      form->text = json.get_ref<const std::string&>();
    } else if (json.is_array()) {
      form->kind = Edn::Kind::kVector;
      for (const auto& item : json) {
        if (!from_json(item, &form->items.emplace_back(), depth + 1)) return false;
      }
    } else if (json.is_object()) {
      form->kind = Edn::Kind::kMap;
      for (const auto& [key, value] : json.items()) {
        Edn& name = form->items.emplace_back();
        name.kind = Edn::Kind::kKeyword;
        name.text = key;
        if (!from_json(value, &form->items.emplace_back(), depth + 1)) return false;
      }
    } else if (!json.is_null()) {
      form->kind = Edn::Kind::kOther;
      form->text = json.dump();
    }
    return true;
  }

  std::string_view bytes_;
  FormSink& sink_;
  FormsResult result_;
  bool any_ = false;
};

}  // namespace

std::string_view name(Format format) {
  return kFormats[static_cast<std::size_t>(format)];
}

std::optional<Format> parse_format(std::string_view word) {
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i] == word) return static_cast<Format>(i);
  }
  return std::nullopt;
}

FormsResult read_forms(std::string_view bytes, Format format, FormSink& sink) {
  return Forms(bytes, format, sink).run();
}

}  // namespace synchrodb::check
