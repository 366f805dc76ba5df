#include "app/client/line_editor.hpp"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <iostream>
#include <string_view>
#include <utility>

namespace keep {

namespace {

constexpr int kHistoryLines = 1000;

// libedit thinks in wide characters, which the C locale cannot tell from each other.
void use_utf8() {
  const char* const set = std::setlocale(LC_CTYPE, "");
  if (set == nullptr || std::string_view(set) == "C" || std::string_view(set) == "POSIX") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
}

}  // namespace

struct LineEditor::Terminal {
  std::function<bool()> interrupted;
  bool given_up = false;  // the line that is being read
  std::string prompt;
  EditLine* editor = nullptr;
  History* history = nullptr;

  static Terminal* of(EditLine* editor) {
    void* terminal = nullptr;
    el_get(editor, EL_CLIENTDATA, &terminal);
    return static_cast<Terminal*>(terminal);
  }
  static const char* show_prompt(EditLine* editor) { return of(editor)->prompt.c_str(); }
  static int read_key(EditLine* editor, wchar_t* key);
  bool wait_for_key();
};

// False when the line was given up. Signals are let in while it waits and at no other time: one
// that came just before the wait would not end it.
bool LineEditor::Terminal::wait_for_key() {
  sigset_t interrupts, others;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupts, &others);
  while (!interrupted()) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::ppoll(&input, 1, nullptr, &others) >= 0 || errno != EINTR) break;
  }
  given_up = interrupted();
  pthread_sigmask(SIG_SETMASK, &others, nullptr);
  return !given_up;
}

// libedit's own reader goes on after a signal: an interruption would take effect at the next one.
int LineEditor::Terminal::read_key(EditLine* editor, wchar_t* key) {
  std::mbstate_t state{};
  for (;;) {
    if (!of(editor)->wait_for_key()) return -1;
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count <= 0) return static_cast<int>(count);
    const std::size_t size = std::mbrtowc(key, &byte, 1, &state);
    if (size == static_cast<std::size_t>(-2)) continue;  // a part of a character
    if (size != static_cast<std::size_t>(-1)) return 1;
    state = std::mbstate_t();  // no text: what comes next may be
  }
}

LineEditor::LineEditor(std::function<bool()> interrupted) {
  if (!is_terminal()) return;
  use_utf8();
  terminal_ = std::make_unique<Terminal>();
  terminal_->interrupted = std::move(interrupted);
  terminal_->history = history_init();
  HistEvent event;
  history(terminal_->history, &event, H_SETSIZE, kHistoryLines);
  terminal_->editor = el_init("llama-keep", stdin, stdout, stderr);
  EditLine* const editor = terminal_->editor;
  el_set(editor, EL_CLIENTDATA, terminal_.get());
  el_set(editor, EL_PROMPT, &Terminal::show_prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_HIST, &history, terminal_->history);
  el_set(editor, EL_GETCFN, &Terminal::read_key);
}

LineEditor::~LineEditor() {
  if (!terminal_) return;
  el_end(terminal_->editor);
  history_end(terminal_->history);
}

bool LineEditor::is_terminal() noexcept { return ::isatty(STDIN_FILENO) == 1; }

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  if (terminal_) return read_terminal(prompt);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

std::optional<std::string> LineEditor::read_terminal(const std::string& prompt) {
  terminal_->prompt = prompt;
  int size = 0;
  const char* const line = el_gets(terminal_->editor, &size);
  if (line == nullptr || size <= 0) {
    el_reset(terminal_->editor);
    std::cout << std::endl;
    if (terminal_->given_up) return std::string();
    return std::nullopt;
  }
  std::string text(line, static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!text.empty()) {
    HistEvent event;
    history(terminal_->history, &event, H_ENTER, line);
  }
  return text;
}

}  // namespace keep
