#include "search/named_speakers.hpp"

namespace keep::search {

void NamedSpeakers::reset(PassageId end) {
  persons_.assign(end, 0);
  passages_ = 0;
}

void NamedSpeakers::add(PassageId first, PassageId end) noexcept {
  for (PassageId passage = first; passage < end; ++passage) {
    passages_ += persons_[passage]++ == 0 ? 1 : 0;
  }
}

std::size_t NamedSpeakers::count(Postings::Cursor postings) const noexcept {
  std::size_t passages = 0;
  while (postings.next() && postings.passage() < persons_.size()) {
    passages += persons_[postings.passage()] != 0 ? 1 : 0;
  }
  return passages;
}

}  // namespace keep::search
