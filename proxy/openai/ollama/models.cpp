#include "openai/ollama/models.hpp"

#include "base/hash.hpp"
#include "base/text/format.hpp"
#include "base/time/unix_time.hpp"
#include "openai/count_of.hpp"
#include "openai/ollama/ollama.hpp"

#include <algorithm>

namespace keep::openai::ollama {

namespace {

// llama-server does not tell it. Clients look for "ARCHITECTURE.context_length".
constexpr std::string_view kArchitecture = "llama";

std::string name_of(const ServedModel& model) {
  return model.listed.find("id").string().value_or("");
}

std::int64_t meta_of(const ServedModel& model, std::string_view key) {
  return count_of(model.listed.find("meta").find(key));
}

std::string time_of(const ServedModel& model) {
  return timestamp(model.listed.find("created").integer().value_or(0));
}

// "7.6B", "135M".
std::string parameter_size(std::int64_t count) {
  if (count <= 0) return "";
  const auto exact = static_cast<double>(count);
  return count >= 1'000'000'000 ? fmt::format("{:.1f}B", exact / 1e9)
                                : fmt::format("{:.0f}M", exact / 1e6);
}

// Clients take it for the name of a file with those contents. There is no such file here, so it
// stands for the name of the model.
std::string digest_of(std::string_view name) {
  std::string digest;
  for (std::uint64_t part = 0; part < 4; ++part) digest += to_hex(hash64(name, part));
  return digest;
}

void write_details(const ServedModel& model, json::Writer& out) {
  out.key("details").begin_object().member("parent_model", "").member("format", "gguf");
  out.member("family", kArchitecture);
  out.key("families").begin_array().string(kArchitecture).end_array();
  out.member("parameter_size", parameter_size(meta_of(model, "n_params")));
  out.member("quantization_level", "unknown").end_object();
}

void write_listed(const ServedModel& model, json::Writer& out) {
  const std::string name = name_of(model);
  out.member("name", name).member("model", name).member("modified_at", time_of(model));
  out.member("size", meta_of(model, "size")).member("digest", digest_of(name));
  write_details(model, out);
}

bool has(const std::string& text, std::string_view word) { return text.find(word) != text.npos; }

// The template tells best what it has a place for.
void write_capabilities(const ServedModel& model, json::Writer& out) {
  const std::string& format = model.chat_template;
  out.key("capabilities").begin_array().string("completion");
  if (has(format, "tools")) out.string("tools");
  if (has(format, "<think>") || has(format, "enable_thinking") || has(format, "reasoning_effort")) {
    out.string("thinking");
  }
  for (const std::string& sense : model.modalities) {
    if (sense == "vision" || sense == "audio") out.string(sense);
  }
  out.end_array();
}

void write_info(const ServedModel& model, json::Writer& out) {
  const std::string prefix = std::string(kArchitecture) + '.';
  out.key("model_info").begin_object().member("general.architecture", kArchitecture);
  out.member("general.basename", name_of(model));
  out.member("general.parameter_count", meta_of(model, "n_params"));
  std::int64_t window = model.window;
  if (window == 0) window = meta_of(model, "n_ctx_train");
  out.member(prefix + "context_length", window);
  out.member(prefix + "embedding_length", meta_of(model, "n_embd"));
  out.member(prefix + "vocab_size", meta_of(model, "n_vocab")).end_object();
}

}  // namespace

const ServedModel* find_model(std::span<const ServedModel> models, std::string_view name) {
  const auto same = [&](const ServedModel& model) {
    const std::string own = name_of(model);
    return without_latest(own) == without_latest(name);
  };
  const auto found = std::ranges::find_if(models, same);
  if (found != models.end()) return &*found;
  return models.size() == 1 ? models.data() : nullptr;
}

std::string tags_body(std::span<const ServedModel> models) {
  json::Writer out;
  out.begin_object().key("models").begin_array();
  for (const ServedModel& model : models) {
    write_listed(model, out.begin_object());
    out.end_object();
  }
  return out.end_array().end_object().take();
}

std::string ps_body(std::span<const ServedModel> models) {
  json::Writer out;
  out.begin_object().key("models").begin_array();
  for (const ServedModel& model : models) {
    write_listed(model, out.begin_object());
    out.member("expires_at", timestamp(kMaxUnixTime));  // it stays
    out.member("size_vram", meta_of(model, "size")).member("context_length", model.window);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

std::string show_body(const ServedModel& model) {
  json::Writer out;
  out.begin_object().member("license", "").member("modelfile", "");
  out.member("parameters", "num_ctx " + std::to_string(model.window));
  out.member("template", model.chat_template);
  write_details(model, out);
  write_info(model, out);
  write_capabilities(model, out);
  return out.member("modified_at", time_of(model)).end_object().take();
}

std::string version_body() {
  json::Writer out;
  return out.begin_object().member("version", kVersion).end_object().take();
}

}  // namespace keep::openai::ollama
