#include "cmd/cli/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cwchar>

namespace synchrodb::cli {
namespace {

constexpr int kHistoryLines = 1000;
// Encloses what takes no room on the screen, in prompts.
constexpr char kLiteral = '\1';
// A key that no keyboard sends by accident: "the line is finished", after its hint was wiped out.
constexpr char kFinish[] = "\x1e";

volatile sig_atomic_t interrupted = 0;
volatile sig_atomic_t resized = 0;

// Within the scope, Ctrl-C ends the reading of a line, not the program, and the editor learns of a
// window's new size. The signals are blocked but for wait_for_key(): one that comes between two
// keys would be missed otherwise.
class SignalScope {
 public:
  SignalScope() {
    interrupted = 0;
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGINT);
    ::sigaddset(&blocked, SIGWINCH);
    ::sigprocmask(SIG_BLOCK, &blocked, &mask_);
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGINT, &action, &interrupt_);
    action.sa_handler = [](int) { resized = 1; };
    ::sigaction(SIGWINCH, &action, &resize_);
  }
  ~SignalScope() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGWINCH, &resize_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

  // False: a signal came first.
  bool wait_for_key() const {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::ppoll(&input, 1, nullptr, &mask_) > 0;
  }

 private:
  sigset_t mask_{};
  struct sigaction interrupt_ {};
  struct sigaction resize_ {};
};

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Columns of UTF-8 text, near enough: one for each code point.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string common_prefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    const auto [end, ignored] =
        std::mismatch(prefix.begin(), prefix.end(), word.begin(), word.end());
    prefix.erase(end, prefix.end());
  }
  return prefix;
}

// As many words a line as fit.
std::string in_columns(const std::vector<std::string>& words) {
  std::size_t widest = 0;
  for (const std::string& word : words) widest = std::max(widest, word.size() + 2);
  const std::size_t a_line = std::max<std::size_t>(1, columns() / widest);
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += words[i];
    const bool last = i % a_line == a_line - 1 || i + 1 == words.size();
    text += last ? "\n" : std::string(widest - words[i].size(), ' ');
  }
  return text;
}

}  // namespace

struct LineEditor::Impl {
  Assistance assistance;
  std::string history_path;
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string prompt;
  std::string hint;  // as shown, with its colours
  bool finishing = false;
  const SignalScope* signals = nullptr;  // while a line is read

  static Impl& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }

  // libedit keeps the pointers; it does not write through them.
  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }
  static char* show_hint(EditLine* editor) { return of(editor).make_hint().data(); }

  // Inserts the key. The editor's own command does not draw the right margin afresh.
  static unsigned char on_key(EditLine* editor, int key) {
    const char text[] = {static_cast<char>(key), '\0'};
    return el_insertstr(editor, text) == 0 ? CC_REFRESH : CC_ERROR;
  }
  // Wipes the hint out, then finishes the line by a key of its own.
  static unsigned char on_return(EditLine* editor, int) {
    of(editor).finishing = true;
    el_push(editor, kFinish);
    return CC_REFRESH;
  }
  // The next character. The editor's own function tries again after the first Ctrl-C.
  static int next_character(EditLine* editor, wchar_t* out);
  static unsigned char on_tab(EditLine* editor, int) { return of(editor).complete(); }

  std::string before_cursor() const {
    const LineInfo* line = el_line(editor);
    return {line->buffer, static_cast<std::size_t>(line->cursor - line->buffer)};
  }

  std::string& make_hint();
  unsigned char complete();
  void bind_keys();
};

int LineEditor::Impl::next_character(EditLine* editor, wchar_t* out) {
  std::mbstate_t state{};
  while (true) {
    if (!of(editor).signals->wait_for_key()) {
      if (interrupted != 0) return -1;
      if (resized != 0) el_resize(editor);
      resized = 0;
      continue;
    }
    char byte;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got <= 0) return static_cast<int>(got);
    const std::size_t decoded = std::mbrtowc(out, &byte, 1, &state);
    if (decoded == static_cast<std::size_t>(-2)) continue;  // the character goes on
    if (decoded != static_cast<std::size_t>(-1)) return 1;
    state = {};  // no UTF-8: without this byte
  }
}

std::string& LineEditor::Impl::make_hint() {
  hint.clear();
  const LineInfo* info = el_line(editor);
  if (finishing || info == nullptr || info->buffer == nullptr) return hint;
  const std::string line(info->buffer, static_cast<std::size_t>(info->lastchar - info->buffer));
  std::string text = line.empty() ? "" : assistance.hint(line);
  const std::size_t taken = width(prompt) + width(line) + 3;
  const std::size_t room = columns() > taken ? columns() - taken : 0;
  if (text.empty() || room < 8) return hint;
  // The next argument is what matters: the rest may be cut off. (Hints are ASCII.)
  if (text.size() > room) text = text.substr(0, room - 3) + "...";
  hint = kLiteral + std::string("\x1b[90m") + kLiteral + text + kLiteral + "\x1b[0m" + kLiteral;
  return hint;
}

unsigned char LineEditor::Impl::complete() {
  const std::string line = before_cursor();
  const std::vector<std::string> words = assistance.complete(line);
  if (words.empty()) return CC_REFRESH_BEEP;
  const std::size_t space = line.rfind(' ');
  const std::string typed = space == std::string::npos ? line : line.substr(space + 1);
  std::string whole = common_prefix(words);
  if (words.size() == 1) whole += ' ';
  if (whole != typed) {
    el_deletestr(editor, static_cast<int>(width(typed)));
    return el_insertstr(editor, whole.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  std::printf("\n%s", in_columns(words).c_str());
  std::fflush(stdout);
  return CC_REDISPLAY;
}

void LineEditor::Impl::bind_keys() {
  el_set(editor, EL_ADDFN, "sdb-key", "Inserts a character", &Impl::on_key);
  el_set(editor, EL_ADDFN, "sdb-return", "Finishes the line", &Impl::on_return);
  el_set(editor, EL_ADDFN, "sdb-tab", "Completes a word", &Impl::on_tab);
  for (int key = ' '; key < 0x7f; ++key) {
    char octal[8];
    std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(key));
    el_set(editor, EL_BIND, octal, "sdb-key", nullptr);
  }
  el_set(editor, EL_BIND, "^I", "sdb-tab", nullptr);
  el_set(editor, EL_BIND, "^M", "sdb-return", nullptr);
  el_set(editor, EL_BIND, "^J", "sdb-return", nullptr);
  el_set(editor, EL_BIND, kFinish, "ed-newline", nullptr);
  constexpr const char* kKeys[][2] = {
      {"^R", "em-inc-search-prev"}, {"\\e[3~", "ed-delete-next-char"}, {"\\e[H", "ed-move-to-beg"},
      {"\\e[F", "ed-move-to-end"},  {"\\eOH", "ed-move-to-beg"},       {"\\eOF", "ed-move-to-end"},
      {"\\e[1~", "ed-move-to-beg"}, {"\\e[4~", "ed-move-to-end"},      {"\\e[1;5C", "em-next-word"},
      {"\\e[1;5D", "ed-prev-word"},
  };
  for (const auto& [key, command] : kKeys) el_set(editor, EL_BIND, key, command, nullptr);
}

LineEditor::LineEditor(Assistance assistance, std::string history_path)
    : impl_(std::make_unique<Impl>()) {
  impl_->assistance = std::move(assistance);
  impl_->history_path = std::move(history_path);
  EditLine* editor = impl_->editor = el_init("synchrodb-cli", stdin, stdout, stderr);
  el_set(editor, EL_CLIENTDATA, impl_.get());
  el_set(editor, EL_PROMPT_ESC, &Impl::show_prompt, kLiteral);
  el_set(editor, EL_RPROMPT_ESC, &Impl::show_hint, kLiteral);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_GETCFN, &Impl::next_character);
  impl_->bind_keys();

  HistEvent event;
  impl_->history = history_init();
  history(impl_->history, &event, H_SETSIZE, kHistoryLines);
  history(impl_->history, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_HIST, history, impl_->history);
  if (!impl_->history_path.empty()) {
    history(impl_->history, &event, H_LOAD, impl_->history_path.c_str());
  }
}

LineEditor::~LineEditor() {
  history_end(impl_->history);
  el_end(impl_->editor);
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  impl_->prompt = prompt;
  impl_->finishing = false;
  const SignalScope signals;
  impl_->signals = &signals;
  // The editor shows the prompt before it takes the terminal over: a Ctrl-D that comes in between
  // would be the terminal's, not the editor's.
  el_set(impl_->editor, EL_PREP_TERM, 1);
  int count = 0;
  const char* line = el_gets(impl_->editor, &count);
  if (line == nullptr || count <= 0) {
    std::printf(interrupted != 0 ? "^C\n" : "\n");
    std::fflush(stdout);
    if (interrupted == 0) return std::nullopt;
    el_reset(impl_->editor);
    return "";
  }
  std::string text(line);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

void LineEditor::remember(const std::string& line) {
  HistEvent event;
  history(impl_->history, &event, H_ENTER, line.c_str());
  if (!impl_->history_path.empty()) {
    history(impl_->history, &event, H_SAVE, impl_->history_path.c_str());
  }
}

}  // namespace synchrodb::cli
