#include "plugins/media/media_plugin.hpp"

#include "base/hash.hpp"
#include "base/lru_map.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/large_request.hpp"
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

// A message with something that the model cannot read.
struct Seen {
  std::size_t index = 0;
  std::optional<std::size_t> edit;  // of the request, which has replaced it before
  std::optional<Medium> left_out;   // by the translation, in the newest turn
  std::optional<Replaced> replaced;
};

// Where the edits of the request replace a message, by message: the last of each.
std::vector<std::optional<std::size_t>> edits_by_message(const Exchange& exchange) {
  std::vector<std::optional<std::size_t>> edits(exchange.chat.messages.size());
  for (std::size_t i = 0; i < exchange.request_edits.size(); ++i) {
    const auto* const replace = std::get_if<openai::ReplaceMessage>(&exchange.request_edits[i]);
    if (replace != nullptr && replace->index < edits.size()) edits[replace->index] = i;
  }
  return edits;
}

// Looks at nothing but the request.
std::vector<Seen> look_at(const Exchange& exchange, const Senses& senses) {
  const auto edits = edits_by_message(exchange);
  const bool translated = exchange.dialect->is_translated();
  const Newest newest = newest_of(exchange.chat);
  std::vector<Seen> seen;
  for (std::size_t i = 0; i < exchange.chat.messages.size(); ++i) {
    const openai::Message& message = exchange.chat.messages[i];
    Seen one;
    one.index = i;
    one.edit = edits[i];
    const bool turn = i >= newest.begin && message.role == "user";
    if (translated && turn) one.left_out = left_out(message);
    if (message.media > 0 && message.hash != 0) {
      one.replaced =
          one.edit
              ? replace_in(std::get<openai::ReplaceMessage>(exchange.request_edits[*one.edit]).json,
                           senses)
              : without_unreadable(message, senses);
    }
    if (one.left_out || one.replaced) seen.push_back(std::move(one));
  }
  return seen;
}

// What the stages of all exchanges share.
struct Shared {
  Shared(Services& lent, Upstreams& servers);

  Pool& cpu;
  Upstreams& upstreams;
  std::vector<Counter> refusals;  // by Medium
  Counter replaced;
  // Messages that were refused: when their user has said something else since, they are old.
  LruMap<std::uint64_t, bool> refused;
};

Shared::Shared(Services& lent, Upstreams& servers)
    : cpu(lent.pools.cpu),
      upstreams(servers),
      replaced(lent.metrics.counter(
          "media_replaced_total", "Parts of requests that a text stood in for, as they were old")) {
  for (const Medium medium : {Medium::kImage, Medium::kAudio, Medium::kVideo, Medium::kFile}) {
    const Labels labels{{"kind", std::string(to_string(medium))}};
    refusals.push_back(lent.metrics.counter(
        "media_refused_total", "Requests with something new that the model cannot read", labels));
  }
}

class MediaStage final : public Stage {
 public:
  explicit MediaStage(Shared& shared) : shared_(shared) {}

  MaybeTask<Verdict> on_request(Exchange& exchange) override;
  MaybeTask<> on_count(Exchange& exchange) override;
  MaybeTask<> on_upstream_request(Exchange& exchange) override;

 private:
  std::optional<Senses> senses() const;
  std::string model_name(const Exchange& exchange) const;
  asio::awaitable<std::vector<Seen>> look_off_loop(const Exchange& exchange, Senses senses);
  Task<Verdict> judge_large(Exchange& exchange, Senses senses);
  Verdict judge(Exchange& exchange, std::vector<Seen> seen, const Senses& senses);
  Task<> count_large(Exchange& exchange, Senses senses);
  void replace_old(Exchange& exchange, std::vector<Seen> seen);
  Task<> replace_large(Exchange& exchange, Senses senses);
  bool is_news(const Exchange& exchange, std::size_t index, const Newest& newest);
  Reply refuse(const Exchange& exchange, std::size_t index, Medium medium, const Senses& senses);

  Shared& shared_;
};

class MediaPlugin final : public Plugin {
 public:
  MediaPlugin(Services& services, Upstreams& upstreams) : shared_(services, upstreams) {}

  std::string_view name() const noexcept override { return "media"; }
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
  for (std::size_t i = 0; i < shared_.upstreams.size(); ++i) {
    Upstream& upstream = shared_.upstreams.at(i);
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
  for (std::size_t i = 0; i < shared_.upstreams.size(); ++i) {
    const ServerProps& props = shared_.upstreams.at(i).props();
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

void put(Exchange& exchange, Seen& seen) {
  if (seen.edit) {
    std::get<openai::ReplaceMessage>(exchange.request_edits[*seen.edit]).json =
        std::move(seen.replaced->json);
  } else {
    exchange.request_edits.emplace_back(
        openai::ReplaceMessage{seen.index, std::move(seen.replaced->json)});
  }
}

asio::awaitable<std::vector<Seen>> MediaStage::look_off_loop(const Exchange& exchange,
                                                             Senses senses) {
  auto look = [&exchange, senses] { return look_at(exchange, senses); };
  co_return co_await run_on(shared_.cpu, std::move(look));
}

MaybeTask<> MediaStage::on_count(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses) return Result<>{};
  if (is_large(exchange)) return count_large(exchange, *senses);
  replace_old(exchange, look_at(exchange, *senses));
  return Result<>{};
}

Task<> MediaStage::count_large(Exchange& exchange, Senses senses) {
  auto seen = co_await look_off_loop(exchange, senses);
  replace_old(exchange, std::move(seen));
  co_return Result<>{};
}

// Of news llama-server says itself that it cannot be read.
void MediaStage::replace_old(Exchange& exchange, std::vector<Seen> seen) {
  const Newest newest = newest_of(exchange.chat);
  for (Seen& one : seen) {
    if (one.replaced && !is_news(exchange, one.index, newest)) put(exchange, one);
  }
}

MaybeTask<Verdict> MediaStage::on_request(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses) return Verdict{Next{}};
  if (is_large(exchange)) return judge_large(exchange, *senses);
  return judge(exchange, look_at(exchange, *senses), *senses);
}

Task<Verdict> MediaStage::judge_large(Exchange& exchange, Senses senses) {
  auto seen = co_await look_off_loop(exchange, senses);
  co_return judge(exchange, std::move(seen), senses);
}

Verdict MediaStage::judge(Exchange& exchange, std::vector<Seen> seen, const Senses& senses) {
  const Newest newest = newest_of(exchange.chat);
  for (Seen& one : seen) {
    const bool news = is_news(exchange, one.index, newest);
    if (news && one.left_out) return refuse(exchange, one.index, *one.left_out, senses);
    if (!one.replaced) continue;
    if (news) return refuse(exchange, one.index, one.replaced->first, senses);
    openai::Message& message = exchange.chat.messages[one.index];
    shared_.replaced.add(static_cast<double>(one.replaced->parts));
    message.media -= std::min(message.media, one.replaced->parts);
    message.text_bytes += one.replaced->bytes;
    put(exchange, one);
  }
  return Next{};
}

// What an edit of the attempt is to say instead, and its place.
using Swaps = std::vector<std::pair<std::size_t, std::string>>;

Swaps swaps_in(const openai::BodyEdits& edits, const Senses& senses) {
  Swaps swaps;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto* const replace = std::get_if<openai::ReplaceMessage>(&edits[i]);
    if (replace == nullptr) continue;
    auto replaced = replace_in(replace->json, senses);
    if (replaced) swaps.emplace_back(i, std::move(replaced->json));
  }
  return swaps;
}

void swap_in(openai::BodyEdits& edits, Swaps swaps) {
  for (auto& swap : swaps) {
    std::get<openai::ReplaceMessage>(edits[swap.first]).json = std::move(swap.second);
  }
}

MaybeTask<> MediaStage::on_upstream_request(Exchange& exchange) {
  const auto senses = this->senses();
  if (!senses || exchange.attempt_edits.empty()) return Result<>{};
  if (is_large(exchange)) return replace_large(exchange, *senses);
  swap_in(exchange.attempt_edits, swaps_in(exchange.attempt_edits, *senses));
  return Result<>{};
}

Task<> MediaStage::replace_large(Exchange& exchange, Senses senses) {
  auto look = [&edits = exchange.attempt_edits, &senses] { return swaps_in(edits, senses); };
  Swaps swaps = co_await run_on(shared_.cpu, std::move(look));
  swap_in(exchange.attempt_edits, std::move(swaps));
  co_return Result<>{};
}

}  // namespace

std::unique_ptr<Plugin> make_media(Services& services, Upstreams& upstreams) {
  return std::make_unique<MediaPlugin>(services, upstreams);
}

}  // namespace keep::media
