// Auxiliary calls: what clients ask beside the conversation (a title, tags, follow-up questions).
// They must not displace the conversation from its slot, nor become part of its record. Pure.
//
// Told by how their prompt begins, from a table of texts that clients are known to send; a request
// with tools is never one. Conservative: what is not in the table is the conversation's own.
#pragma once

#include "exchange/http/http_message.hpp"
#include "openai/request/chat_request.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace keep::identify {

struct AuxiliaryMarker {
  enum class Where {
    kSystem,
    kUser
  };  // a leading system message; the last of a request without answers
  Where where;
  std::string_view client;
  std::string_view text;  // compared without ASCII case, after white space and list marks
};

std::span<const AuxiliaryMarker> auxiliary_markers() noexcept;

bool is_auxiliary(const Headers& headers, const openai::ChatRequest& request);

}  // namespace keep::identify
