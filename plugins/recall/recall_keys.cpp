#include "plugins/recall/recall_keys.hpp"

#include <string>

namespace keep::recall {

namespace {

using config::kGiga;
using config::kMega;
using config::one_of;

Result<> check_embeddings_url(std::string& text) {
  if (text.empty()) return {};
  return config::check_server_url(text);
}

}  // namespace

std::vector<config::Section<RecallSettings>> sections() {
  using Key = config::Key<RecallSettings>;
  using S = RecallSettings;
  return {
      {"recall",
       "Bringing back what is no longer in the window.",
       {Key::on_off("recall.enabled", "Off: what is outside the window is forgotten.", &S::enabled),
        Key::count(
            "recall.budget_tokens",
            "Recalled text in one request, in tokens; never more than a quarter of the window.",
            &S::budget_tokens, {16, 1000000}),
        Key::fraction("recall.floor", "Relevance below which a passage is not worth recalling.",
                      &S::floor, {0, 10}),
        Key::fraction(
            "recall.fog_alpha",
            "How much distance counts against a passage. 0: not at all, which was found best.",
            &S::fog_alpha, {0, 10}),
        Key::text(
            "recall.placement",
            "Recalled text as a \"system\" message or at the head of the \"user\" turn; \"auto\":\n"
            "whichever the model's template renders.",
            &S::placement, one_of({"auto", "system", "user"})),
        Key::bytes(
            "recall.index_bytes",
            "Memory for search indexes; those of the least used conversations are built anew.",
            &S::index_bytes, {kMega, 1000 * kGiga}),
        Key::text("recall.embeddings_url",
                  "http://host:port of a server with /v1/embeddings, for example a second "
                  "llama-server with an\n"
                  "embedding model: what means the same in other words is found, too. It gets to "
                  "read all\n"
                  "that is searched. Empty: words alone are searched.",
                  &S::embeddings_url, check_embeddings_url),
        Key::text("recall.embeddings_model",
                  "Model named in requests to that server. Empty: none; llama-server has only one.",
                  &S::embeddings_model),
        Key::text("recall.embeddings_key_file", "File with the key that server wants. Empty: none.",
                  &S::embeddings_key_file)}}};
}

}  // namespace keep::recall
