#include "openai/edit/field_edit.hpp"

#include "base/json/json.hpp"

namespace keep::openai {

Result<Pieces> with_fields(const std::string& body, const BodyEdits& edits) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  if (!root->is_object()) {
    return Error(Fault::kBadRequest, Side::kDownstream, "the body is not a JSON object");
  }
  ChatRequest request;
  request.root = *root;
  for (const json::Member member : root->members()) request.fields.push_back(member);
  return edited_pieces(body, request, edits, {});
}

}  // namespace keep::openai
