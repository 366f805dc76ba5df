#include "search/speakers.hpp"

#include "search/slow_growth.hpp"
#include "text/word_lists.hpp"

#include <algorithm>
#include <iterator>

namespace keep::search {

namespace {

constexpr std::size_t kMinNickname = 3;

template <class... Words>
bool is_any(std::string_view word, Words... words) noexcept {
  return ((word == words) || ...);
}

// A person is called by the first name, or by its beginning: "Mel", but "The" is not Theresa.
bool names_person(const text::PlainWords& question, std::string_view person) noexcept {
  const std::string_view first = person.substr(0, person.find(' '));
  for (std::size_t i = 0; i < question.written.size(); ++i) {
    const std::string_view word = question.written[i];
    if (word == first) return true;
    const bool is_short = word.size() >= kMinNickname && first.starts_with(word);
    if (is_short && !text::is_stop_word(question.lower[i])) return true;
  }
  return false;
}

bool is_telling(std::string_view word) noexcept {
  return is_any(word, "said", "told", "asked", "mentioned", "wrote", "gave", "shared", "described",
                "suggested", "recommended", "explained", "proposed", "promised", "sent");
}

// Somebody's part in what was said before: "did I", "I told", "what is my".
bool is_about(const text::PlainWords& question, std::string_view subject,
              std::string_view possessive) {
  const auto& words = question.lower;
  const bool asks =
      !words.empty() && is_any(words[0], "what", "which", "who", "where", "when", "how", "remind");
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == possessive && asks) return true;
    if (words[i] != subject) continue;
    if (i > 0 && is_any(words[i - 1], "did", "have", "had", "was", "were")) return true;
    if (i + 1 < words.size() && is_telling(words[i + 1])) return true;
  }
  return false;
}

}  // namespace

bool is_role(std::string_view speaker) noexcept {
  return is_any(speaker, "user", "assistant", "system", "developer", "tool", "function");
}

SpeakerId Speakers::add(std::string_view name, std::uint32_t section) {
  if (name.empty()) return kNoSpeaker;
  auto speaker = std::ranges::find(speakers_, name, &Speaker::name);
  if (speaker == speakers_.end()) {
    if (speakers_.size() == kNoSpeaker) return kNoSpeaker;
    speaker = speakers_.insert(speaker, {std::string(name), {}});
  }
  std::vector<std::uint32_t>& sections = speaker->sections;
  const bool is_new = sections.empty() || sections.back() != section;
  if (is_new && !is_role(name)) push_back(sections, section);
  return static_cast<SpeakerId>(speaker - speakers_.begin());
}

SpeakerId Speakers::asked_about(const text::PlainWords& question) const {
  SpeakerId asked = kNoSpeaker;
  for (std::size_t i = 0; i < speakers_.size(); ++i) {
    const std::string& name = speakers_[i].name;
    bool is_asked = false;
    if (name == "user") {
      is_asked = is_about(question, "i", "my");
    } else if (name == "assistant") {
      is_asked = is_about(question, "you", "your");
    } else if (!is_role(name)) {
      is_asked = names_person(question, name);
    }
    if (!is_asked) continue;
    if (asked != kNoSpeaker) return kNoSpeaker;
    asked = static_cast<SpeakerId>(i);
  }
  return asked;
}

std::vector<std::uint32_t> Speakers::sections_of_named(const text::PlainWords& question) const {
  std::vector<std::uint32_t> sections, merged;
  for (const Speaker& speaker : speakers_) {
    if (speaker.sections.empty() || !names_person(question, speaker.name)) continue;
    merged.clear();
    std::ranges::merge(sections, speaker.sections, std::back_inserter(merged));
    sections.swap(merged);
  }
  return sections;
}

std::size_t Speakers::memory_bytes() const noexcept {
  std::size_t bytes = speakers_.capacity() * sizeof(Speaker);
  for (const Speaker& speaker : speakers_) {
    bytes += speaker.name.capacity() + speaker.sections.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace keep::search
