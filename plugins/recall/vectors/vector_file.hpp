// Vector file: the vectors of a conversation on disk (FORMATS.md).
//
// Written whole, to another name, then renamed. A file that is not exactly what was written, of
// another version or of another conversation is not used: the vectors are made anew.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/recall/vectors/conversation_vectors.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace keep::recall {

std::string encode_vectors(const ConversationVectors& vectors, const ConversationName& name);
// nullptr: not one of `name`.
std::unique_ptr<ConversationVectors> decode_vectors(std::string_view bytes,
                                                    const ConversationName& name);

// STATE/vectors/XX/HASH.vectors
std::string vector_path(const std::string& folder, const ConversationName& name);

// These block.
Result<> write_vectors(FileSystem& files, const std::string& path, std::string_view bytes);
// nullptr when there is no file; Fault::kStorage for one that cannot be read or used.
Result<std::unique_ptr<ConversationVectors>> read_vectors(FileSystem& files,
                                                          const std::string& path,
                                                          const ConversationName& name);

// All files below the folder, with the conversation their header names; an empty name: none.
struct VectorFile {
  std::string path;
  ConversationName name;
};
std::vector<VectorFile> list_vectors(FileSystem& files, const std::string& folder);

}  // namespace keep::recall
