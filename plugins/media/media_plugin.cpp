#include "plugins/media/media_plugin.hpp"

#include "base/hash.hpp"
#include "base/lru_map.hpp"
#include "exchange/conversations.hpp"
#include "openai/anthropic/anthropic.hpp"
#include "openai/responses/responses.hpp"
#include "plugins/media/media_parts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace keep::media {

namespace {

constexpr std::size_t kMaxRefused = 4096;

// Whatever is asked of the message as an edit has left it.
std::optional<Replaced> replace_in(const std::string& json, const Senses& senses) {
  const auto message = openai::read_chat_message(json::Value(json), "messages");
  if (!message || message->media == 0) return std::nullopt;
  return without_unreadable(*message, senses);
}

openai::ReplaceMessage* edit_of(openai::BodyEdits& edits, std::size_t index) {
  openai::ReplaceMessage* found = nullptr;
  for (openai::BodyEdit& edit : edits) {
    auto* const replace = std::get_if<openai::ReplaceMessage>(&edit);
    if (replace != nullptr && replace->index == index) found = replace;
  }
  return found;
}

// The newest turn of the user: messages from `begin` on, of which the last is `last`.
struct Newest {
  std::size_t begin = 0;
  std::optional<std::size_t> last;
};

Newest newest_of(const openai::ChatRequest& chat) {
  Newest newest;
  for (std::size_t i = 0; i < chat.messages.size(); ++i) {
    const Role role = role_of(chat.messages[i].role);
    if (role == Role::kAssistant) newest = {i + 1, std::nullopt};
    if (role == Role::kUser) newest.last = i;
  }
  return newest;
}

// What the translation of a body had to leave out for any model.
std::optional<Medium> left_out(const openai::Message& message) {
  for (const json::Value part : message.content.elements()) {
    const auto text = part.find("text").string().value_or(std::string());
    if (text == openai::anthropic::kDocumentLeftOut) return Medium::kFile;
    if (text == openai::anthropic::kImageLeftOut) return Medium::kImage;
    if (text == openai::responses::kImageLeftOut) return Medium::kImage;
    if (text.starts_with(openai::responses::kFileLeftOut)) return Medium::kFile;
  }
  return std::nullopt;
}

// What the stages of all exchanges share.
struct Shared {
  Services* services = nullptr;
  std::vector<Counter> refusals;
  std::optional<Counter> replaced;
  // Messages that were refused: when their user has said something else since, they are old.
  LruMap<std::uint64_t, bool> refused;
};

class MediaStage final : public Stage {
 public:
  explicit MediaStage(Shared& shared) : shared_(shared) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override;
  MaybeTask<> on_count(Exchange& exchange) override;
  MaybeTask<> on_upstream_request(Exchange& exchange) override;

 private:
  std::optional<Senses> senses() const;
  std::string model_name(const Exchange& exchange) const;
  bool is_news(const Exchange& exchange, std::size_t index, const Newest& newest);
  Reply refuse(const Exchange& exchange, std::size_t index, Medium medium, const Senses& senses);

  Shared& shared_;
};

class MediaPlugin final : public Plugin {
 public:
  std::string_view name() const noexcept override { return "media"; }

  Task<> start(Services& services) override {
    shared_.services = &services;
    for (const Medium medium : {Medium::kImage, Medium::kAudio, Medium::kVideo, Medium::kFile}) {
      const Labels labels{{"kind", std::string(to_string(medium))}};
      shared_.refusals.push_back(services.metrics.counter(
          "media_refused_total", "Requests with something new that the model cannot read", labels));
    }
    shared_.replaced.emplace(services.metrics.counter(
        "media_replaced_total", "Parts of requests that a text stood in for, as they were old"));
    co_return Result<>{};
  }
  std::unique_ptr<Stage> begin(Exchange& exchange) override {
    if (!exchange.chat.messages_raw.is_array()) return nullptr;
    return std::make_unique<MediaStage>(shared_);
  }

 private:
  Shared shared_;
};

// Of all upstreams together: where the request will go is not decided yet.
std::optional<Senses> MediaStage::senses() const {
  std::vector<std::string> all;
  bool told = false;
  for (std::size_t i = 0; i < shared_.services->upstreams.size(); ++i) {
    Upstream& upstream = shared_.services->upstreams.at(i);
    if (!upstream.healthy()) continue;
    const auto& modalities = upstream.props().modalities;
    if (!modalities) return std::nullopt;
    all.insert(all.end(), modalities->begin(), modalities->end());
    told = true;
  }
  if (!told) return std::nullopt;
  return Senses(all);
}

std::string MediaStage::model_name(const Exchange& exchange) const {
  for (std::size_t i = 0; i < shared_.services->upstreams.size(); ++i) {
    const ServerProps& props = shared_.services->upstreams.at(i).props();
    const std::string& name = props.model_alias.empty() ? props.model_path : props.model_alias;
    if (!name.empty()) return name.substr(name.rfind('/') + 1);  // also without a slash
  }
  return exchange.chat.model;
}

std::uint64_t key_of(const Exchange& exchange, std::size_t index) {
  return hash_combine(hash64(exchange.identity.tenant), exchange.chat.messages[index].hash);
}

bool MediaStage::is_news(const Exchange& exchange, std::size_t index, const Newest& newest) {
  const bool turn = index >= newest.begin && exchange.chat.messages[index].role == "user";
  return turn && (index == newest.last || shared_.refused.find(key_of(exchange, index)) == nullptr);
}

Reply MediaStage::refuse(const Exchange& exchange, std::size_t index, Medium medium,
                         const Senses& senses) {
  shared_.refused.get(key_of(exchange, index)) = true;
  while (shared_.refused.size() > kMaxRefused) shared_.refused.pop_oldest();
  shared_.refusals[static_cast<std::size_t>(medium)].add();
  std::string detail(to_string(medium));
  detail += " input is not supported: the model " + model_name(exchange);
  detail += senses.text_only() ? " reads text only" : " does not read it";
  return to_reply(Error(Fault::kBadRequest, Side::kDownstream, std::move(detail)));
}

// What stands for the message where it holds what the model cannot read.
std::optional<Replaced> readable(Exchange& exchange, std::size_t index, const Senses& senses) {
  const openai::Message& message = exchange.chat.messages[index];
  if (message.media == 0 || message.hash == 0) return std::nullopt;
  openai::ReplaceMessage* const edit = edit_of(exchange.request_edits, index);
  return edit != nullptr ? replace_in(edit->json, senses) : without_unreadable(message, senses);
}

void put(Exchange& exchange, std::size_t index, std::string json) {
  if (openai::ReplaceMessage* const edit = edit_of(exchange.request_edits, index)) {
    edit->json = std::move(json);
  } else {
    exchange.request_edits.emplace_back(openai::ReplaceMessage{index, std::move(json)});
  }
}

MaybeTask<> MediaStage::on_count(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses) return Result<>{};
  const Newest newest = newest_of(exchange.chat);
  for (std::size_t i = 0; i < exchange.chat.messages.size(); ++i) {
    auto replaced = readable(exchange, i, *senses);
    // Of news llama-server says itself that it cannot be read.
    if (replaced && !is_news(exchange, i, newest)) put(exchange, i, std::move(replaced->json));
  }
  return Result<>{};
}

MaybeTask<Verdict> MediaStage::on_request(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses) return Verdict{Next{}};
  const Newest newest = newest_of(exchange.chat);
  const bool translated = exchange.dialect->is_translated();
  for (std::size_t i = 0; i < exchange.chat.messages.size(); ++i) {
    openai::Message& message = exchange.chat.messages[i];
    if (translated && is_news(exchange, i, newest)) {
      const auto medium = left_out(message);
      if (medium) return Verdict{refuse(exchange, i, *medium, *senses)};
    }
    auto replaced = readable(exchange, i, *senses);
    if (!replaced) continue;
    if (is_news(exchange, i, newest)) {
      return Verdict{refuse(exchange, i, replaced->first, *senses)};
    }
    shared_.replaced->add(static_cast<double>(replaced->parts));
    message.media -= std::min(message.media, replaced->parts);
    message.text_bytes += replaced->bytes;
    put(exchange, i, std::move(replaced->json));
  }
  return Verdict{Next{}};
}

MaybeTask<> MediaStage::on_upstream_request(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses) return Result<>{};
  for (openai::BodyEdit& edit : exchange.attempt_edits) {
    auto* const replace = std::get_if<openai::ReplaceMessage>(&edit);
    if (replace == nullptr) continue;
    auto replaced = replace_in(replace->json, *senses);
    if (replaced) replace->json = std::move(replaced->json);
  }
  return Result<>{};
}

}  // namespace

std::unique_ptr<Plugin> make_media() { return std::make_unique<MediaPlugin>(); }

}  // namespace keep::media
