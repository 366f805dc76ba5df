// QuotedText: recalled words as text from which nothing but words can be read. Pure.
//
// What was said once, or came out of a tool, is written by anybody. In the prompt it must not end
// its message, open another one, or pass for a frame of ours. llama-server reads the special tokens
// of a model wherever they stand in a prompt, so they are broken by a space, which leaves them
// readable: <|im_start|> becomes < |im_start|>. What looks like one is told by its shape, as the
// vocabulary of the model behind is not known: <| and <<, tags with an underscore or a name that is
// no HTML, words of capitals in brackets.
#pragma once

#include <string>
#include <string_view>

namespace keep::recall {

// Of several lines: each but the first begins with "> ". The same text for the same text.
std::string quoted_text(std::string_view text);

// For what stands within a frame: one line, and no bracket that would close it.
std::string quoted_label(std::string_view text);

}  // namespace keep::recall
