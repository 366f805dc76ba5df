#include "openai/responses_assembler.hpp"

#include "openai/assembler.hpp"
#include "openai/json_text.hpp"

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

// An item of the streamed reply may lack the status that the one reply has.
void write_item(const Value& item, json::Writer& out) {
  bool has_status = !item.is_object();
  for (const Member member : item.members()) has_status |= member.raw_key == "status";
  if (has_status) {
    out.raw(item.raw());
    return;
  }
  out.begin_object();
  for (const Member member : item.members()) copy_member(member, out);
  out.member("status", "completed").end_object();
}

class ResponsesAssembler final : public Assembler {
 private:
  void add(const EventInfo& info) override {
    // Both end marks carry the whole response.
    if (info.finish_reason.empty()) return;
    const Value response = info.root.find("response");
    if (response.is_object()) response_ = response.raw();
    count_kept(response_.size());
  }

  bool complete() const noexcept override { return !response_.empty(); }

  void write(std::string& out) const override {
    json::Writer body;
    body.begin_object();
    Value created;
    bool completed = false;
    for (const Member member : Value(response_).members()) {
      if (member.raw_key == "created_at") created = member.value;
      if (member.raw_key == "completed_at") completed = true;
      if (member.raw_key != "output") {
        copy_member(member, body);
        continue;
      }
      body.key("output").begin_array();
      for (const Value item : member.value.elements()) write_item(item, body);
      body.end_array();
    }
    // In a stream llama-server stamps created_at at the end; alone it gives both the same value.
    if (!completed && !created.missing()) body.member_raw("completed_at", created.raw());
    out += body.end_object().str();
  }

  std::string response_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_responses_assembler(const EncoderOptions&) {
  return std::make_unique<ResponsesAssembler>();
}

}  // namespace keep::openai
