// Editing one line on a terminal: history, completion, and a hint at the right margin (libedit).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::cli {

class LineEditor {
 public:
  struct Assistance {
    // What the last word of the line before the cursor may become.
    std::function<std::vector<std::string>(std::string_view)> complete;
    // What may follow the line.
    std::function<std::string(std::string_view)> hint;
  };

  // `history_path`: where lines are kept from one run to the next, for the owner's eyes; empty:
  // nowhere.
  LineEditor(Assistance assistance, std::string history_path);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line, without its line break; empty if Ctrl-C abandoned it; nothing at the end of the
  // input.
  std::optional<std::string> read(const std::string& prompt);
  // Adds a line to the history, and saves it.
  void remember(const std::string& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synchrodb::cli
