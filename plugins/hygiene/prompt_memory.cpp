#include "plugins/hygiene/prompt_memory.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace keep::hygiene {

namespace {

constexpr std::size_t kConversationBytes = 192;  // of the table, for one entry

std::uint64_t text_key(std::uint64_t conversation, const Prompt& prompt) noexcept {
  return hash_combine(conversation, prompt.agent);
}

std::size_t size_of(const Prompt& prompt) noexcept {
  return sizeof(Prompt) + prompt.parts.capacity() * sizeof(PromptPart);
}

std::size_t size_of(const Texts& texts) noexcept {
  std::size_t bytes = kConversationBytes;
  for (const std::string& text : texts) bytes += sizeof text + text.capacity();
  return bytes;
}

}  // namespace

const Prompt* PromptMemory::find(std::uint64_t conversation, std::uint64_t agent,
                                 const PromptPart* opening) {
  const Prompts* const prompts = prompts_.find(conversation);
  if (prompts == nullptr) return nullptr;
  for (const Prompt& prompt : *prompts) {
    if (prompt.agent == agent) return &prompt;
  }
  for (const Prompt& prompt : *prompts) {
    const PromptPart* const other = prompt.opening();
    if (opening != nullptr && other != nullptr && opening->same_text(*other)) return &prompt;
  }
  return nullptr;
}

std::shared_ptr<const Texts> PromptMemory::texts(std::uint64_t conversation, const Prompt& prompt) {
  const std::shared_ptr<Texts>* const found = texts_.find(text_key(conversation, prompt));
  return found != nullptr ? *found : nullptr;
}

void PromptMemory::forget_texts(std::uint64_t key) {
  const std::shared_ptr<Texts>* const texts = texts_.peek(key);
  if (texts == nullptr) return;
  text_bytes_ -= size_of(**texts);
  texts_.erase(key);
}

bool PromptMemory::take_texts(std::uint64_t key, const Prompt& from, const Prompt& prompt,
                              Texts& texts) {
  const std::shared_ptr<Texts>* const old = texts_.peek(key);
  const bool held = old != nullptr && old->use_count() > 1;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const PromptPart& part = prompt.parts[i];
    if (!texts[i].empty() || part.bytes == 0) continue;
    // Another request may have taken its place since these were compared.
    const bool same = i < from.parts.size() && from.parts[i].same_text(part);
    if (!same || old == nullptr) return false;
    std::string& text = (**old)[i];
    if (held) {
      texts[i] = text;
      continue;
    }
    text_bytes_ -= text.capacity();
    texts[i] = std::exchange(text, std::string());
    text_bytes_ += text.capacity();
  }
  return true;
}

void PromptMemory::put(std::uint64_t conversation, std::uint64_t replaced, Prompt prompt,
                       Texts texts) {
  const bool is_new = prompts_.peek(conversation) == nullptr;
  Prompts& prompts = prompts_.get(conversation);
  if (is_new) hash_bytes_ += kConversationBytes;
  const auto forget = [&](Prompts::iterator at) {
    hash_bytes_ -= size_of(*at);
    forget_texts(text_key(conversation, *at));
    prompts.erase(at);
  };
  const auto at_agent = [&](std::uint64_t agent) {
    return std::ranges::find(prompts, agent, &Prompt::agent);
  };
  bool complete = max_text_bytes_ > 0;
  if (const auto at = at_agent(replaced); at != prompts.end()) {
    complete = complete && take_texts(text_key(conversation, *at), *at, prompt, texts);
    forget(at);
  }
  if (const auto at = at_agent(prompt.agent); at != prompts.end()) forget(at);
  if (prompts.size() >= kMaxAgents) forget(prompts.end() - 1);
  if (complete) {
    text_bytes_ += size_of(texts);
    texts_.get(text_key(conversation, prompt)) = std::make_shared<Texts>(std::move(texts));
  }
  prompt.parts.shrink_to_fit();
  hash_bytes_ += size_of(prompt);
  prompts.insert(prompts.begin(), std::move(prompt));
  trim();
}

void PromptMemory::trim() {
  while (text_bytes_ > max_text_bytes_) {
    const auto oldest = texts_.pop_oldest();
    if (!oldest) break;
    text_bytes_ -= size_of(*oldest->second);
  }
  while (hash_bytes_ > kMaxHashBytes) {
    const auto oldest = prompts_.pop_oldest();
    if (!oldest) break;
    forget_all(oldest->first, oldest->second);
  }
}

void PromptMemory::forget(std::uint64_t conversation) {
  const Prompts* const prompts = prompts_.peek(conversation);
  if (prompts == nullptr) return;
  forget_all(conversation, *prompts);
  prompts_.erase(conversation);
}

// All but the entry itself.
void PromptMemory::forget_all(std::uint64_t conversation, const Prompts& prompts) {
  hash_bytes_ -= kConversationBytes;
  for (const Prompt& prompt : prompts) {
    hash_bytes_ -= size_of(prompt);
    forget_texts(text_key(conversation, prompt));
  }
}

}  // namespace keep::hygiene
