#include "sim/check/edn.h"

#include <charconv>
#include <utility>

namespace synchrodb::check {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '\f';
}

bool ends_token(char c) {
  return is_space(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' ||
         c == '"' || c == ';';
}

void append_utf8(std::uint32_t code, std::string* out) {
  const auto put = [out](std::uint32_t byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

}  // namespace

const Edn* Edn::find(std::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const bool named = items[i].kind == Kind::kKeyword || items[i].kind == Kind::kString;
    if (named && items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

std::string Edn::print() const {
  switch (kind) {
    case Kind::kNil:
      return "nil";
    case Kind::kInteger:
      return std::to_string(integer);
    case Kind::kString: {
      std::string out = "\"";
      for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      return out + "\"";
    }
    case Kind::kKeyword:
      return ":" + text;
    case Kind::kOther:
      return text;
    case Kind::kVector:
    case Kind::kMap:
      break;
  }
  const bool map = kind == Kind::kMap;
  std::string out = map ? "{" : "[";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : " ") + items[i].print();
  return out + (map ? "}" : "]");
}

bool EdnReader::fail(std::string message) {
  if (error_.empty()) {
    error_ = std::move(message);
    error_line_ = line_;
  }
  return false;
}

// False on an error (in a discarded form).
bool EdnReader::skip_space(int depth) {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (is_space(c)) continue;
    if (c == ';') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      if (at_ < text_.size()) ++line_;
      continue;
    }
    if (text_.substr(at_, 2) != "#_") return true;
    at_ += 2;
    Edn discarded;
    if (!read_form(&discarded, depth + 1)) return false;
    --at_;
  }
  return true;
}

bool EdnReader::at_end() {
  return !skip_space() || at_ >= text_.size();
}

bool EdnReader::read(Edn* form) {
  return read_form(form, 0);
}

bool EdnReader::enter(char* close) {
  if (at_end()) return false;
  const char c = text_[at_];
  if (c != '[' && c != '(') return false;
  *close = c == '[' ? ']' : ')';
  ++at_;
  return true;
}

bool EdnReader::leave(char close) {
  if (at_end() || text_[at_] != close) return false;
  ++at_;
  return true;
}

bool EdnReader::read_form(Edn* form, int depth) {
  if (depth > kDeepest) return fail("nested too deeply");
  if (!skip_space(depth)) return false;
  if (at_ >= text_.size()) return fail("the text ends where a value should be");
  const char c = text_[at_];
  switch (c) {
    case '[':
    case '(':
    case '{':
      ++at_;
      form->kind = c == '{' ? Edn::Kind::kMap : Edn::Kind::kVector;
      return read_items(form, c == '[' ? ']' : c == '(' ? ')' : '}', depth);
    case ']':
    case ')':
    case '}':
      return fail(std::string("unexpected '") + c + "'");
    case '"':
      ++at_;
      return read_string(form);
    case '#':
      ++at_;
      return read_dispatch(form, depth);
    default:
      return read_token(form);
  }
}

bool EdnReader::read_items(Edn* form, char close, int depth) {
  const std::size_t opened = line_;
  while (true) {
    if (!skip_space(depth)) return false;
    if (at_ >= text_.size()) {
      return fail(std::string("the text ends before the '") + close + "' that closes what line " +
                  std::to_string(opened) + " opened");
    }
    if (text_[at_] == close) {
      ++at_;
      break;
    }
    if (!read_form(&form->items.emplace_back(), depth + 1)) return false;
  }
  if (form->kind == Edn::Kind::kMap && form->items.size() % 2 != 0) {
    return fail("a map needs as many values as keys");
  }
  return true;
}

bool EdnReader::read_unicode(std::string* out) {
  std::uint32_t code = 0;
  const char* begin = text_.data() + at_ + 1;
  const char* limit = text_.data() + text_.size();
  if (limit - begin < 4) return fail("the text ends within \\u");
  const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
  if (error != std::errc() || end != begin + 4) return fail("\\u needs four hexadecimal digits");
  at_ += 4;
  append_utf8(code, out);
  return true;
}

bool EdnReader::read_string(Edn* form) {
  form->kind = Edn::Kind::kString;
  const std::size_t opened = line_;
  for (; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c == '\n') ++line_;
    if (c != '\\') {
      form->text += c;
      continue;
    }
    if (++at_ >= text_.size()) break;
    c = text_[at_];
    constexpr std::string_view kCodes = "ntrbf";
    constexpr std::string_view kMeanings = "\n\t\r\b\f";
    const std::size_t code = kCodes.find(c);
    if (code != std::string_view::npos) {
      form->text += kMeanings[code];
    } else if (c == 'u') {
      if (!read_unicode(&form->text)) return false;
    } else if (c == '"' || c == '\\' || c == '/') {
      form->text += c;
    } else {
      return fail("unknown escape in a string");
    }
  }
  return fail("the string opened in line " + std::to_string(opened) + " is not closed");
}

// #{…} is a set; #tag form means the form.
bool EdnReader::read_dispatch(Edn* form, int depth) {
  if (at_ < text_.size() && text_[at_] == '{') {
    ++at_;
    form->kind = Edn::Kind::kVector;
    return read_items(form, '}', depth);
  }
  if (token().empty()) return fail("'#' without a tag");
  return read_form(form, depth + 1);
}

std::string_view EdnReader::token() {
  const std::size_t start = at_;
  while (at_ < text_.size() && !ends_token(text_[at_])) ++at_;
  return text_.substr(start, at_ - start);
}

bool EdnReader::read_token(Edn* form) {
  if (text_[at_] == '\\') {
    // A character may be a bracket.
    const std::size_t start = at_;
    at_ += 2;
    if (at_ > text_.size()) return fail("the text ends within a character");
    token();
    form->kind = Edn::Kind::kOther;
    form->text = text_.substr(start, at_ - start);
    return true;
  }
  std::string_view word = token();
  if (word.empty()) return fail("unexpected character");
  if (word == "nil") return true;
  if (word[0] == ':') {
    if (word.size() == 1) return fail("':' without a name");
    form->kind = Edn::Kind::kKeyword;
    form->text = word.substr(1);
    return true;
  }
  std::string_view digits = word;
  if (digits.back() == 'N' && digits.size() > 1) digits.remove_suffix(1);
  if (digits[0] == '+' && digits.size() > 1) digits.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), form->integer);
  const bool whole = end == digits.data() + digits.size();
  if (whole && error == std::errc::result_out_of_range) {
    return fail("the integer " + std::string(word.substr(0, 40)) + " does not fit 64 bits");
  }
  form->kind = whole && error == std::errc() ? Edn::Kind::kInteger : Edn::Kind::kOther;
  if (form->kind == Edn::Kind::kOther) form->text = word;
  return true;
}

}  // namespace synchrodb::check
