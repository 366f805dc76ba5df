// Edits of the fields of any JSON object, for bodies that are not read otherwise. Pure.
#pragma once

#include "base/result.hpp"
#include "openai/edit/body_edit.hpp"
#include "openai/edit/pieces.hpp"

#include <string>

namespace keep::openai {

// As edited_pieces(); SetField and RemoveField only. Fault::kBadRequest for what is no object.
Result<Pieces> with_fields(const std::string& body, const BodyEdits& edits);

}  // namespace keep::openai
