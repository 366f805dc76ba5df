// Surface: what kind of body a request has, once it is in the words of llama-server. Plugins act on
// this; which API the client speaks is the dialect's business. Pure.
#pragma once

namespace keep::openai {

enum class Surface { kPassThrough, kChat, kCompletion };  // the first: nobody here reads it

}  // namespace keep::openai
