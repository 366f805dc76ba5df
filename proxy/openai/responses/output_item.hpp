// OutputItem: one item of an answer while it grows, and as it is in the end. Pure.
#pragma once

#include "base/json/json.hpp"
#include "openai/json_text.hpp"
#include "openai/responses/tools.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::openai::responses {

struct OutputItem {
  enum class Kind { kNone, kReasoning, kMessage, kFunctionCall, kCustomCall, kShellCall };
  Kind kind = Kind::kNone;
  std::string id;         // of the item
  std::size_t index = 0;  // in the output
  JsonText text;          // of reasoning or a message; arguments of a call
  // of a call
  std::int64_t call = 0;    // upstream's index of it
  std::string call_id;      // raw JSON string
  std::string name, space;  // as the client knows the tool

  bool has_part() const noexcept { return kind == Kind::kReasoning || kind == Kind::kMessage; }
  // Arguments that the client gets in another form can only be told at the end.
  bool streams() const noexcept { return kind != Kind::kCustomCall && kind != Kind::kShellCall; }
};

// The input of a custom tool, out of the function's arguments; wrong ones as they are.
std::string custom_input(const OutputItem& item);
// What the text is called in events: response.NAME.delta.
std::string_view event_name(OutputItem::Kind kind) noexcept;

// With nothing in it (`status` in_progress), or all of it.
void write_item(const OutputItem& item, std::string_view status, json::Writer& out);
// The one part of a message or reasoning: empty, or all of it.
void write_part(const OutputItem& item, bool whole, json::Writer& out);

}  // namespace keep::openai::responses
