// LineEditor: lines that a person types, with editing and a history; the only door to libedit.
//
// Where standard input is no terminal it reads lines and shows nothing. One at a time in a program.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace keep {

class LineEditor {
 public:
  // `interrupted`: asked before and after every wait for a key; true gives the line up.
  explicit LineEditor(std::function<bool()> interrupted);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  static bool is_terminal() noexcept;

  // Without the line break; empty for a line that was given up, nothing at the end of the input.
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct Terminal;
  std::optional<std::string> read_terminal(const std::string& prompt);

  std::unique_ptr<Terminal> terminal_;  // none: lines come from elsewhere
};

}  // namespace keep
