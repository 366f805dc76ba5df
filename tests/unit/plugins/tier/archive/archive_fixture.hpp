// A TierArchive over llama-servers without a model.
#pragma once

#include "plugins/tier/archive/archive.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/fake_services.hpp"
#include "tests/unit/plugins/tier/archive/fake_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace keep::tier::test {

inline std::vector<TokenId> prompt(std::size_t tokens, TokenId first = 1) {
  std::vector<TokenId> ids(tokens);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

class ArchiveFixture : public ::testing::Test, protected keep::test::FakeServices {
 protected:
  ArchiveFixture() { add_server(); }
  ~ArchiveFixture() override {
    spawner_.cancel_all();
    until([this] { return spawner_.running() == 0; });
    pools_.disk.join();
  }

  FakeServer& add_server() {
    fleet_.servers.push_back(std::make_unique<FakeServer>(loop_, folder_.path));
    return *fleet_.servers.back();
  }
  TierArchive& archive() {
    if (archive_) return *archive_;
    settings_.folders.assign(fleet_.size(), folder_.path);
    archive_ = std::make_unique<TierArchive>(settings_, services_, all_);
    run(archive_->start());
    until([this] { return spawner_.running() == 0; });
    return *archive_;
  }
  template <class T>
  Result<T> run(Task<T> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr, Result<T> r) { result = r; });
    until([&] { return result.has_value(); });
    return *result;
  }
  void until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.run_one_for(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(condition());
  }

  static PromptOwner owner(const std::string& id, const std::string& tenant = "t") {
    PromptOwner owner;
    owner.conversation = {tenant, id};
    return owner;
  }
  // Of messages of ten bytes each.
  static openai::PromptTrail trail(const std::string& messages, const std::string& tenant = "t") {
    openai::ChatRequest chat;
    for (const char c : messages) {
      openai::Message message;
      message.hash = static_cast<std::uint64_t>(c);
      message.text_bytes = 10;
      chat.messages.push_back(message);
    }
    return openai::PromptTrail(tenant, chat, [](std::size_t) { return true; });
  }
  static SlotContent content(const PromptOwner& whose, std::size_t tokens) {
    SlotContent content;
    content.owner = std::make_shared<const PromptOwner>(whose);
    content.tokens = static_cast<std::int64_t>(tokens);
    return content;
  }
  // What is in that slot is kept for its owner.
  Result<> keep(int slot, const PromptOwner& whose, const std::vector<TokenId>& tokens,
                std::size_t upstream = 0) {
    return keep(slot, content(whose, tokens.size()), tokens, upstream);
  }
  Result<> keep(int slot, const SlotContent& content, const std::vector<TokenId>& tokens,
                std::size_t upstream = 0) {
    fleet_.servers[upstream]->control.slots[static_cast<std::size_t>(slot)] = tokens;
    return run(archive().keep({upstream, slot}, content));
  }
  Result<> keep(int slot, const PromptOwner& whose, const std::vector<TokenId>& tokens,
                const std::string& messages) {
    SlotContent kept = content(whose, tokens.size());
    kept.trail = trail(messages, whose.conversation.tenant);
    kept.text_bytes = messages.size() * 10;
    return keep(slot, kept, tokens);
  }
  static WantedPrompt wanted(const PromptOwner& whose, const std::string& messages = "") {
    return {std::make_shared<const PromptOwner>(whose), trail(messages, whose.conversation.tenant)};
  }
  std::int64_t has(const PromptOwner& whose, std::size_t upstream = 0) {
    return archive().has(upstream, wanted(whose));
  }
  std::int64_t back(int slot, const PromptOwner& whose, std::size_t upstream = 0) {
    return back(slot, wanted(whose), upstream);
  }
  std::int64_t back(int slot, const WantedPrompt& prompt, std::size_t upstream = 0) {
    const auto held = run(archive().bring_back({upstream, slot}, prompt));
    return held ? *held : -1;
  }
  const std::vector<TokenId>& held(int slot, std::size_t upstream = 0) {
    return fleet_.servers[upstream]->control.slots[static_cast<std::size_t>(slot)];
  }
  FakeSlotFiles& server() { return fleet_.servers[0]->control; }
  // An answer to that owner, from that slot.
  void answer(int slot, const PromptOwner& whose, std::int64_t cached, std::int64_t read,
              std::string body = R"({"messages":[{"role":"user","content":"q"}]})") {
    Exchange exchange;
    exchange.chat_body = std::move(body);
    exchange.chat = *openai::parse_chat_request(exchange.chat_body, openai::Surface::kChat);
    exchange.identity.tenant = whose.conversation.tenant;
    exchange.identity.conversation = whose.conversation.id;
    exchange.route.lease = SlotLease(0, slot, nullptr);
    openai::ServerTimings timings;
    timings.cache_n = cached;
    timings.prompt_n = read;
    timings.prompt_ms = static_cast<double>(read);
    exchange.answer.timings = timings;
    archive().answered(exchange);
  }
  void restart() {
    fleet_.servers[0]->up = false;
    fleet_.changed(0);
    fleet_.servers[0]->up = true;
    fleet_.changed(0);
    until([this] { return spawner_.running() == 0; });
  }
  double metric(const std::string& series) {
    const std::string text = metrics_.text();
    const auto at = text.find("\nllama_keep_" + series + " ");
    return at == text.npos ? -1 : std::stod(text.substr(text.find(' ', at)));
  }
  std::size_t staged() {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder_.path))
      ++files;
    return files;
  }
  void expect_no_file_is_left() {
    until([this] { return staged() == 0; });
  }

  keep::test::TempFolder folder_;
  FakeServers fleet_;
  FakeCompletions completions_{fleet_};
  const Servers all_{fleet_, completions_, tokenizer_, templates_};
  TierSettings settings_;
  std::unique_ptr<TierArchive> archive_;
};

}  // namespace keep::tier::test
