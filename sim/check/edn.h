// Reads extensible data notation (https://github.com/edn-format/edn): what Clojure prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::check {

struct Edn {
  enum class Kind : std::uint8_t {
    kNil,
    kInteger,
    kString,
    kKeyword,  // `text` without the colon
    kOther,    // symbols, booleans, floats, characters: `text` as written
    kVector,   // lists and sets too
    kMap,      // `items` holds key, value, key, value, …
  };

  Kind kind = Kind::kNil;
  std::int64_t integer = 0;
  std::string text;
  std::vector<Edn> items;

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_integer() const { return kind == Kind::kInteger; }
  bool is_keyword(std::string_view name) const { return kind == Kind::kKeyword && text == name; }
  bool is_pair() const { return kind == Kind::kVector && items.size() == 2; }
  // Of a map: the value of a keyword (or string) key, or null.
  const Edn* find(std::string_view key) const;
  // Printed in one canonical way.
  std::string print() const;
};

// Takes forms from a text one by one. Hostile text is answered with an error: nesting is bounded,
// nothing is read beyond the end.
class EdnReader {
 public:
  explicit EdnReader(std::string_view text, std::size_t first_line = 1)
      : text_(text), line_(first_line) {}

  // Skips space, commas, comments and discarded forms. True at the end of the text, or on an error.
  bool at_end();
  // False on an error.
  bool read(Edn* form);
  // If a vector or list begins here: enters it (its forms follow one by one). `close` gets the
  // bracket that ends it.
  bool enter(char* close);
  // Whether the next thing is that bracket; if so, takes it.
  bool leave(char close);

  bool failed() const { return !error_.empty(); }
  // Where the text is wrong, and how.
  const std::string& error() const { return error_; }
  std::size_t line() const { return line_; }
  std::size_t error_line() const { return error_line_; }

 private:
  static constexpr int kDeepest = 64;

  bool fail(std::string message);
  bool skip_space(int depth = 0);
  bool read_form(Edn* form, int depth);
  bool read_items(Edn* form, char close, int depth);
  bool read_string(Edn* form);
  bool read_unicode(std::string* out);
  bool read_dispatch(Edn* form, int depth);
  bool read_token(Edn* form);
  std::string_view token();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t error_line_ = 0;
  std::string error_;
};

}  // namespace synchrodb::check
