#include "plugins/recall/prompt/quoted_frame.hpp"

#include "plugins/recall/prompt/compose.hpp"

#include <algorithm>
#include <array>

namespace keep::recall {

namespace {

using Verdict = QuotedFrame::Verdict;

// Reads an expected text from the front of another; says when the latter ended too early.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool expect(std::string_view word) noexcept {
    const std::size_t common = std::min(word.size(), rest_.size());
    if (rest_.substr(0, common) != word.substr(0, common)) return false;
    if (common < word.size()) ended_ = true;
    rest_.remove_prefix(common);
    return common == word.size();
  }
  void skip_any_of(std::string_view characters) noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  bool skip_past(char end) noexcept {  // in this line
    const std::array<char, 2> stops{'\n', end};
    const std::size_t at = rest_.find_first_of(std::string_view(stops.data(), stops.size()));
    ended_ = at == std::string_view::npos;
    if (ended_ || rest_[at] != end) return false;
    rest_.remove_prefix(at + 1);
    return true;
  }
  std::string_view rest() const noexcept { return rest_; }
  bool ended() const noexcept { return ended_ || rest_.empty(); }

 private:
  std::string_view rest_;
  bool ended_ = false;
};

bool read_head(Reader& reader, bool& undecided) {
  for (const std::string_view head : kHeads) {
    Reader copy = reader;
    if (copy.expect(head)) {
      copy.skip_any_of(" \n");
      reader = copy;
      return true;
    }
    undecided = undecided || copy.ended();
  }
  return false;
}

// "[Recalled from turn 12, 3481 tokens ago] user: " or "[Known: pets/dog] ".
bool read_provenance(Reader& reader, bool& undecided) {
  for (const std::string_view begin : {kFrame, kNoteFrame}) {
    Reader copy = reader;
    bool whole = copy.expect(begin) && copy.skip_past(']');
    if (whole) copy.skip_any_of(" ");
    if (whole && begin == kFrame) whole = copy.skip_past(':');
    undecided = undecided || (!whole && copy.ended());
    if (!whole) continue;
    copy.skip_any_of(" ");
    undecided = copy.rest().empty();  // more blanks may follow
    reader = copy;
    return !undecided;
  }
  return false;
}

}  // namespace

QuotedFrame find_quoted_frame(std::string_view answer) noexcept {
  Reader reader(answer);
  reader.skip_any_of(" \n");
  bool undecided = reader.rest().empty();
  read_head(reader, undecided);
  if (read_provenance(reader, undecided)) {
    return {Verdict::kWhole, answer.size() - reader.rest().size()};
  }
  return {undecided && answer.size() <= kMaxFrameBytes ? Verdict::kMaybe : Verdict::kNone, 0};
}

}  // namespace keep::recall
