// Role fit: the edits that put a request's messages into an order that a chat template renders.
// Pure.
#pragma once

#include "openai/edit/body_edit.hpp"
#include "openai/request/chat_request.hpp"
#include "openai/roles/role_orders.hpp"

namespace keep::openai {

// Edits to go after `first` and `then`, which are taken into account; empty: the messages fit.
// Nothing that somebody said is lost:
//   * system messages in front become one;
//   * a later one goes to the end of the user's message or tool's result before it; behind an
//     answer it becomes the head of the user's next message (of the results, behind calls), or a
//     message of the user's;
//   * messages of one role in a row become one, and an empty answer ends a turn of calls that the
//     user breaks into;
//   * where the user has to speak first the system's message is the user's, or an empty one is.
// What becomes of a message depends on those before it only (and, behind calls, on their results),
// so that a longer conversation begins with the same bytes. Linear in the bytes of what changes.
BodyEdits fit_roles(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then,
                    const RoleOrders& orders);

// fit_roles(...).empty(), and no message is written for it: linear in the number of messages, and
// in the bytes of those that the edits replace.
bool roles_fit(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then,
               const RoleOrders& orders);

}  // namespace keep::openai
