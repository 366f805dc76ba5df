// FakeTemplate: what a llama-server with some chat template answers to /apply-template, and whether
// it would render the messages of a request at all.
#pragma once

#include <string>

namespace keep::test {

enum class FakeTemplate {
  kLax,     // renders every order
  kQwen,    // one system message, at the beginning
  kMistral  // ... and user and assistant in turn, calls and results left aside
};

// Why the template refuses the messages of `body`; empty: it renders them.
std::string refusal(FakeTemplate kind, const std::string& body);
// A whole HTTP reply: the contents one after the other, or 400.
std::string rendered(FakeTemplate kind, const std::string& body);

}  // namespace keep::test
