#include "plugins/recall/vectors/vector_search.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace keep::recall {

namespace {

// What is asked stands at the end of a long text.
constexpr std::size_t kMaxQuestionBytes = 2 << 10;

std::vector<std::string> to_ask(const std::vector<std::string>& questions) {
  std::vector<std::string> texts;
  texts.reserve(questions.size());
  for (const std::string& question : questions) {
    texts.push_back(
        question.substr(question.size() - std::min(question.size(), kMaxQuestionBytes)));
  }
  return texts;
}

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

}  // namespace

VectorSearch::VectorSearch(Services& services, Conversations& conversations, Embeddings& embeddings,
                           std::string folder, std::size_t max_bytes)
    : services_(services),
      embeddings_(embeddings),
      store_(services, conversations, std::move(folder), max_bytes),
      builder_(services, conversations, embeddings, store_) {}

void VectorSearch::start() {
  services_.spawner.spawn("vectors without a conversation", store_.sweep());
}

asio::awaitable<std::vector<std::vector<SimilarPassage>>> VectorSearch::find(const Search& search) {
  std::vector<std::vector<SimilarPassage>> lists;
  const std::optional<SharedVectors> shared = co_await store_.open(search.name);
  if (!shared) co_return lists;
  const VectorState* const state = store_.find(search.name, *shared);
  if (state == nullptr) co_return lists;
  const bool ready = state->rows >= ConversationVectors::kLeastRows &&
                     std::ranges::none_of(search.questions, is_blank) &&
                     embeddings_.available(Embeddings::Kind::kQuestion);
  if (ready) {
    std::vector<std::string> texts = to_ask(search.questions);
    auto asked = co_await embeddings_.embed(Embeddings::Kind::kQuestion, std::move(texts));
    if (asked) {
      auto job = [&search, &asked = *asked](const std::unique_ptr<ConversationVectors>& vectors) {
        std::vector<std::vector<SimilarPassage>> found;
        if (vectors == nullptr || vectors->model() != asked.model) return found;
        for (const std::vector<float>& vector : asked.vectors) {
          auto& list = found.emplace_back();
          if (vector.size() != vectors->dimensions()) continue;
          list = vectors->search(vector, search.path, search.end, search.limit);
        }
        return found;
      };
      lists = co_await shared->run(std::move(job));
    }
  }
  builder_.want(search.name, search.end);
  co_return lists;
}

void VectorSearch::forget(const ConversationName& name) {
  store_.forget(name);
  builder_.forget(name);
}

void VectorSearch::report(json::Writer& health) const {
  health.key("embeddings").begin_object().member("vectors", store_.rows());
  health.member("questions", embeddings_.available(Embeddings::Kind::kQuestion));
  health.member("passages", embeddings_.available(Embeddings::Kind::kPassage)).end_object();
}

}  // namespace keep::recall
