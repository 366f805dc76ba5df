// Table file: the conversations that identify remembers, over a restart. Blocking; any thread.
//
// A text file, replaced as a whole: a line that tells the version, then one JSON object per
// conversation, the least recently used first. It holds hashes only.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"
#include "plugins/identify/conversation_table.hpp"

#include <span>
#include <string>
#include <vector>

namespace keep::identify {

Result<> save_table(FileSystem& files, const std::string& path,
                    std::span<const ConversationTable::Remembered> conversations);

// Nothing when there is no file. Lines that cannot be read are passed over: clients without an id
// then begin anew. A file of another version is set aside as *.damaged, and Fault::kStorage.
Result<std::vector<ConversationTable::Remembered>> load_table(FileSystem& files,
                                                              const std::string& path);

}  // namespace keep::identify
