// RoleOrders: which orders of roles a chat template renders. Templates refuse what they do not
// know, or drop it without a word; both count as not rendered.
#pragma once

namespace keep::openai {

struct RoleOrders {
  bool several_systems = true;     // more than one system message in front
  bool late_system = true;         // a system message between turns
  bool assistant_first = true;     // no user before the first answer, or none at all
  bool repeated_user = true;       // two messages of the user in a row
  bool repeated_assistant = true;  // two answers in a row
  bool user_after_tool = true;     // the user right after a tool's result
  friend bool operator==(const RoleOrders&, const RoleOrders&) = default;
};

// Of the strictest template there is: what needs no edit for it needs none for any.
inline constexpr RoleOrders kStrictest{false, false, false, false, false, false};

}  // namespace keep::openai
