// The encoder: chat completion chunks -> the events of a response, or the response as one JSON.
#include "openai/answer/assembler.hpp"
#include "openai/event/upstream_error.hpp"
#include "openai/json_text.hpp"
#include "openai/responses/event_writer.hpp"
#include "openai/responses/output_item.hpp"
#include "openai/responses/response_object.hpp"
#include "openai/responses/responses.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

namespace keep::openai::responses {

namespace {

using json::Member;
using json::Value;
using Kind = EventInfo::Kind;
using ItemKind = OutputItem::Kind;

// What ids of the answer end in: upstream's id is the better one, since it is new for every
// attempt.
std::string suffix_of(const Value& upstream_id, const std::string& own) {
  std::string id = upstream_id.string().value_or(own);
  constexpr std::string_view kPrefix = "chatcmpl-";
  if (id.starts_with(kPrefix)) id.erase(0, kPrefix.size());
  const auto odd = [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; };
  std::erase_if(id, odd);
  return id;
}

class ResponsesEncoder final : public ResponseEncoder {
 public:
  explicit ResponsesEncoder(const EncoderOptions& options)
      : options_(options),
        echo_(options.echo ? options.echo : std::make_shared<const RequestEcho>()) {
    state_.model = options.model;
    output_.begin_array();
  }

  void on_event(const SseEvent&, const EventInfo& info, std::string& out) override {
    if (ended_ || error_) return;
    if (info.kind == Kind::kError) {
      fail(read_upstream_error(info), out);
    } else if (info.kind == Kind::kDone) {
      if (options_.stream) complete(out);  // one JSON appears at the end only
    } else if (info.root.missing()) {
      if (options_.stream) out += ":\n\n";
    } else {
      add(info, out);
    }
  }

  Result<> finish(std::string& out) override {
    if (error_) return *error_;
    complete(out);
    if (!ended_) return cut_short();
    return {};
  }

  void on_error(const Error& error, std::string& out) override {
    if (!options_.stream || ended_) return;
    ended_ = true;
    if (!begun_) {  // clients take nothing before response.created
      read_head(EventInfo());
      begun_ = true;
      begin(out);
    }
    EventWriter(out, sequence_).error(error);
    state_.status = "failed";
    state_.error_code = "server_error";
    state_.error_message = error.detail;
    end_with("response.failed", out);
  }

  bool streams() const noexcept override { return options_.stream; }

 private:
  void add(const EventInfo& info, std::string& out) {
    read_head(info);
    read_usage(info);
    if (!std::exchange(begun_, true) && options_.stream)
      begin(out);
    else if (info.kind == Kind::kProgress && options_.stream)
      out += ":\n\n";
    if (info.kind == Kind::kDelta) add_chunk(info, out);
  }

  void read_head(const EventInfo& info) {
    if (const auto created = info.root.find("created").integer()) {
      if (!begun_) state_.created_at = *created;
      last_created_ = std::max(last_created_, *created);
    }
    if (begun_) return;
    suffix_ = suffix_of(info.root.find("id"), options_.id);
    state_.id = "resp_" + suffix_;
    if (state_.model.empty()) state_.model = info.root.find("model").string().value_or("");
  }

  void read_usage(const EventInfo& info) {
    if (info.timings) {
      usage_.cached_tokens = info.timings->cache_n;
      usage_.input_tokens = info.timings->prompt_n + info.timings->cache_n;
      usage_.output_tokens = info.timings->predicted_n;
    }
    if (info.usage) {
      usage_.cached_tokens = info.usage->cached_tokens;
      usage_.input_tokens = info.usage->prompt_tokens;
      usage_.output_tokens = info.usage->completion_tokens;
    }
  }

  void begin(std::string& out) {
    EventWriter events(out, sequence_);
    events.response("response.created", state_, *echo_);
    events.response("response.in_progress", state_, *echo_);
  }

  void add_chunk(const EventInfo& info, std::string& out) {
    for (const Value choice : info.root.find("choices").elements()) {
      // A response has no other choices.
      if (choice.find("index").integer().value_or(0) == 0) add_delta(choice.find("delta"), out);
    }
    if (info.finish_reason.empty()) return;
    finish_reason_ = info.finish_reason;
    state_.x_keep = info.root.find("x_keep").raw();
    close_item(finish_reason_ == "length" ? "incomplete" : "completed", out);
  }

  void add_delta(const Value& delta, std::string& out) {
    for (const Member member : delta.members()) {
      if (member.raw_key == "tool_calls") {
        for (const Value part : member.value.elements()) add_call(part, out);
        continue;
      }
      const bool reasoning = member.raw_key == "reasoning_content";
      const std::string_view text = escaped_bytes(member.value);
      if (text.empty() || !(reasoning || member.raw_key == "content")) continue;
      if (reasoning) ++usage_.reasoning_tokens;  // an event is a token or a few
      switch_to(reasoning ? ItemKind::kReasoning : ItemKind::kMessage, out);
      grow(text, out);
    }
  }

  void switch_to(ItemKind kind, std::string& out) {
    if (item_.kind == kind) return;
    OutputItem item;
    item.kind = kind;
    item.id = kind == ItemKind::kReasoning ? "rs_" : "msg_";
    open_item(std::move(item), out);
  }

  void add_call(const Value& part, std::string& out) {
    const std::int64_t call = part.find("index").integer().value_or(0);
    const Value function = part.find("function");
    const bool current = item_.kind > ItemKind::kMessage && item_.call == call;
    if (!current) {
      // Items follow each other; a call that was closed cannot be continued.
      if (call <= last_call_) {
        return fail(
            Error(Fault::kProtocol, Side::kUpstream, "upstream's tool calls are interleaved"), out);
      }
      last_call_ = call;
      open_call(call, part.find("id"), function.find("name").string().value_or(""), out);
    }
    if (const auto text = escaped_bytes(function.find("arguments")); !text.empty()) grow(text, out);
  }

  void open_call(std::int64_t call, const Value& id, const std::string& name, std::string& out) {
    OutputItem item;
    const Tool* const tool = find_tool(echo_->tools, name);
    item.kind = ItemKind::kFunctionCall;
    item.id = "fc_";
    if (tool != nullptr && tool->kind == Tool::Kind::kCustom) {
      item.kind = ItemKind::kCustomCall;
      item.id = "ctc_";
    } else if (tool != nullptr && tool->kind == Tool::Kind::kLocalShell) {
      item.kind = ItemKind::kShellCall;
      item.id = "lsh_";
    }
    item.call = call;
    const bool named = id.is_string() && !escaped_bytes(id).empty();
    item.call_id = named ? std::string(id.raw())
                         : json::quoted("call_" + suffix_ + '_' + std::to_string(call));
    item.name = tool != nullptr ? tool->name : name;
    if (tool != nullptr) item.space = tool->space;
    open_item(std::move(item), out);
  }

  void open_item(OutputItem item, std::string& out) {
    close_item("completed", out);
    item.index = items_++;
    item.id += suffix_ + '_' + std::to_string(item.index);
    item_ = std::move(item);
    if (options_.stream) EventWriter(out, sequence_).open(item_);
  }

  void grow(std::string_view text, std::string& out) {
    item_.text.append_escaped(text);
    kept_bytes_ += text.size();
    if (kept_bytes_ > kMaxAnswerBytes) return fail(too_long(), out);
    if (options_.stream && item_.streams()) EventWriter(out, sequence_).delta(item_, text);
  }

  void close_item(std::string_view status, std::string& out) {
    if (item_.kind == ItemKind::kNone) return;
    if (options_.stream) EventWriter(out, sequence_).close(item_, status);
    json::Writer item;
    write_item(item_, status, item);
    output_.raw(item.str());
    if (options_.on_item) options_.on_item(item_.id, item.str());
    item_ = OutputItem();
  }

  void complete(std::string& out) {
    if (ended_ || error_ || finish_reason_.empty()) return;
    ended_ = true;
    state_.status = "completed";
    state_.completed_at = last_created_;
    if (finish_reason_ == "length" || finish_reason_ == "content_filter") {
      state_.status = "incomplete";
      state_.incomplete_reason =
          finish_reason_ == "length" ? "max_output_tokens" : "content_filter";
      state_.completed_at = 0;
    }
    usage_.reasoning_tokens = std::min(usage_.reasoning_tokens, usage_.output_tokens);
    state_.usage = usage_;
    end_with(state_.status == "completed" ? "response.completed" : "response.incomplete", out);
  }

  void end_with(std::string_view event, std::string& out) {
    const std::string output = output_.str() + ']';
    state_.output = output;
    if (options_.stream) {
      EventWriter(out, sequence_).response(event, state_, *echo_);
    } else {
      json::Writer body;
      write_response(state_, *echo_, body);
      out += body.str();
    }
    state_.output = "[]";
  }

  void fail(Error error, std::string& out) {
    if (options_.stream) {
      on_error(error, out);
    } else {
      error_ = std::move(error);
    }
  }

  EncoderOptions options_;
  std::shared_ptr<const RequestEcho> echo_;
  ResponseState state_;
  ResponseUsage usage_;
  OutputItem item_;
  json::Writer output_;  // items that are whole
  std::string suffix_, finish_reason_;
  std::size_t items_ = 0, kept_bytes_ = 0;
  std::int64_t sequence_ = 0, last_call_ = -1, last_created_ = 0;
  bool begun_ = false, ended_ = false;
  std::optional<Error> error_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_responses_encoder(const EncoderOptions& options) {
  return std::make_unique<ResponsesEncoder>(options);
}

}  // namespace keep::openai::responses
