#include "openai/event/sse_parser.hpp"

#include <algorithm>
#include <utility>

namespace keep::openai {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// Looks in windows: a search for LF through all of a buffer that only has CRs, done again for
// every line, would be quadratic.
std::size_t find_line_end(std::string_view text, std::size_t from) noexcept {
  constexpr std::size_t kWindow = 512;
  for (; from < text.size(); from += kWindow) {
    std::string_view window = text.substr(from, kWindow);
    const std::size_t lf = window.find('\n');
    window = window.substr(0, lf);
    const std::size_t cr = window.find('\r');
    if (cr != npos) return from + cr;
    if (lf != npos) return from + lf;
  }
  return npos;
}

// Cuts the first line off; every line of a whole event is closed.
std::string_view take_line(std::string_view& lines) noexcept {
  const std::size_t end = std::min(find_line_end(lines, 0), lines.size());
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(end);
  lines.remove_prefix(lines.starts_with("\r\n") ? 2 : std::min<std::size_t>(lines.size(), 1));
  return line;
}

std::pair<std::string_view, std::string_view> split_field(std::string_view line) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

}  // namespace

Result<> SseParser::feed(std::string_view bytes) {
  // Moving what is left to the front only when it is the smaller half keeps the cost linear.
  if (begin_ >= buffer_.size() - begin_) {
    buffer_.erase(0, begin_);
    line_ -= begin_;
    scan_ -= begin_;
    if (end_ != 0) end_ -= begin_;
    begin_ = 0;
  }
  if (!failed_) {
    buffer_ += bytes;
    const bool over = buffer_.size() - begin_ > max_event_bytes_;
    failed_ = over && (!find_end() || end_ - begin_ > max_event_bytes_);
  }
  if (failed_) return Error(Fault::kProtocol, Side::kUpstream, "an event is over the size limit");
  return {};
}

bool SseParser::next(SseEvent& event) {
  if (failed_ || !find_end()) return false;
  event = SseEvent();
  event.raw = std::string_view(buffer_).substr(begin_, end_ - begin_);
  std::string_view lines = event.raw;
  if (std::exchange(at_start_, false) && lines.starts_with("\xEF\xBB\xBF")) lines.remove_prefix(3);
  read_fields(lines, event);
  begin_ = std::exchange(end_, 0);
  return true;
}

std::string_view SseParser::rest() const noexcept {
  return std::string_view(buffer_).substr(begin_);
}

// The event ends after its first empty line. Every byte is looked at once.
bool SseParser::find_end() noexcept {
  while (end_ == 0) {
    const std::size_t stop = find_line_end(buffer_, scan_);
    scan_ = std::min(stop, buffer_.size());
    if (stop == npos) return false;
    std::size_t after = stop + 1;
    if (buffer_[stop] == '\r') {
      if (after == buffer_.size()) return false;
      if (buffer_[after] == '\n') ++after;
    }
    if (stop == line_) end_ = after;
    line_ = scan_ = after;
  }
  return true;
}

void SseParser::read_fields(std::string_view lines, SseEvent& event) {
  std::size_t data_lines = 0;
  while (!lines.empty()) {
    const auto [name, value] = split_field(take_line(lines));
    if (name == "event") event.name = value;
    if (name != "data") continue;
    ++data_lines;
    if (data_lines == 1) {
      event.data = value;
      continue;
    }
    if (data_lines == 2) joined_ = event.data;
    joined_ += '\n';
    joined_ += value;
  }
  if (data_lines > 1) event.data = joined_;
}

}  // namespace keep::openai
