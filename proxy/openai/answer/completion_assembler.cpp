#include "openai/answer/completion_assembler.hpp"

#include "openai/answer/chunk_merge.hpp"

#include <algorithm>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

template <class Item>
Item& item_of(std::vector<Item>& items, std::int64_t index) {
  const auto same = [&](const Item& item) { return item.index == index; };
  const auto found = std::find_if(items.begin(), items.end(), same);
  if (found != items.end()) return *found;
  Item& added = items.emplace_back();
  added.index = index;
  return added;
}

template <class Item>
std::vector<const Item*> by_index(const std::vector<Item>& items) {
  std::vector<const Item*> sorted;
  sorted.reserve(items.size());
  for (const Item& item : items) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(),
            [](const Item* a, const Item* b) { return a->index < b->index; });
  return sorted;
}

// {"object":"text_completion","choices":[{"text"...}]}
class OpenAiCompletion {
 public:
  void add(const EventInfo& info, const Value& choices) {
    std::int64_t first = -1;
    bool ended = false;
    for (const Value element : choices.elements()) {
      const std::int64_t index = element.find("index").integer().value_or(0);
      if (first < 0) first = index;
      ended |= add_choice(element, item_of(choices_, index));
    }
    envelope_.add(info, first, ended);
  }

  bool complete() const noexcept {
    const auto ended = [](const Choice& choice) { return !choice.finish_reason.empty(); };
    return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(), ended);
  }

  void write(std::string& out) const {
    json::Writer body;
    body.begin_object().key("choices").begin_array();
    for (const Choice* choice : by_index(choices_)) {
      choice->text.write(body.begin_object().key("text"));
      choice->logprobs.write(body.member("index", choice->index).key("logprobs"));
      body.member_raw("finish_reason", choice->finish_reason).end_object();
    }
    body.end_array();
    envelope_.write("text_completion", body);
    out += body.end_object().str();
  }

 private:
  struct Choice {
    std::int64_t index = 0;
    JsonText text;
    MergedLogprobs logprobs;
    std::string finish_reason;  // raw; empty until the end
  };

  static bool add_choice(const Value& element, Choice& choice) {
    for (const Member member : element.members()) {
      if (member.raw_key == "text") choice.text.append(member.value);
      if (member.raw_key == "logprobs") choice.logprobs.add(member.value);
      if (member.raw_key == "finish_reason" && member.value.is_string()) {
        choice.finish_reason = member.value.raw();
      }
    }
    return !choice.finish_reason.empty();
  }

  std::vector<Choice> choices_;
  ChunkEnvelope envelope_;
};

// llama-server's own form: the last event of a prompt says everything but the text, the tokens and
// their probabilities. An array of prompts is answered with an array.
class NativeCompletion {
 public:
  explicit NativeCompletion(const EncoderOptions& options)
      : return_tokens_(options.return_tokens), fields_(options.fields) {}

  void add(const EventInfo& info) {
    Result& result = item_of(results_, info.root.find("index").integer().value_or(0));
    bool stop = false;
    for (const Member member : info.root.members()) {
      if (member.raw_key == "content") result.content.append(member.value);
      if (member.raw_key == "tokens") append_elements(result.tokens, member.value);
      if (member.raw_key == "completion_probabilities") {
        append_elements(result.probabilities, member.value);
      }
      if (member.raw_key == "stop") stop = member.value.boolean().value_or(false);
    }
    if (stop) result.last = info.root.raw();
  }

  bool complete() const noexcept {
    const auto ended = [](const Result& result) { return !result.last.empty(); };
    return !results_.empty() && std::all_of(results_.begin(), results_.end(), ended);
  }

  void write(std::string& out) const {
    json::Writer body;
    const bool several = results_.size() > 1;
    if (several) body.begin_array();
    for (const Result* result : by_index(results_)) write_result(*result, body);
    if (several) body.end_array();
    out += body.str();
  }

 private:
  struct Result {
    std::int64_t index = 0;
    JsonText content;
    std::string tokens, probabilities;  // elements
    std::string last;                   // raw event
  };

  void write_result(const Result& result, json::Writer& out) const {
    if (fields_.everything()) {
      write_whole(result, out);
      return;
    }
    json::Writer whole;
    write_whole(result, whole);
    out.raw(fields_.pick(Value(whole.str())));
  }

  void write_whole(const Result& result, json::Writer& out) const {
    out.begin_object();
    for (const Member member : Value(result.last).members()) {
      if (member.raw_key == "content") {
        result.content.write(out.key("content"));
      } else if (member.raw_key == "tokens") {
        // A stream always carries the tokens, the one reply only when asked.
        out.key("tokens").begin_array();
        if (return_tokens_ && !result.tokens.empty()) out.raw(result.tokens);
        out.end_array();
      } else if (member.raw_key != "completion_probabilities") {
        copy_member(member, out);
      }
    }
    if (!result.probabilities.empty()) {
      out.key("completion_probabilities").begin_array().raw(result.probabilities).end_array();
    }
    out.end_object();
  }

  bool return_tokens_;
  ResponseFields fields_;
  std::vector<Result> results_;
};

class CompletionAssembler final : public Assembler {
 public:
  explicit CompletionAssembler(const EncoderOptions& options)
      : Assembler(options), native_(options) {}

 private:
  void add(const EventInfo& info) override {
    const Value choices = info.root.find("choices");
    if (!choices.missing()) {
      openai_seen_ = true;
      count_kept(choices.raw().size());
      openai_.add(info, choices);
    } else if (info.kind == EventInfo::Kind::kDelta) {
      count_kept(info.root.raw().size());
      native_.add(info);
    }
  }

  bool complete() const noexcept override {
    return openai_seen_ ? openai_.complete() : native_.complete();
  }

  void write(std::string& out) const override {
    openai_seen_ ? openai_.write(out) : native_.write(out);
  }

  bool openai_seen_ = false;
  OpenAiCompletion openai_;
  NativeCompletion native_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_completion_assembler(const EncoderOptions& options) {
  return std::make_unique<CompletionAssembler>(options);
}

}  // namespace keep::openai
