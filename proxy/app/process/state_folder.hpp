// Where the state of the program is kept.
#pragma once

#include <string>

namespace keep {

// `configured` if it is not empty; else systemd's $STATE_DIRECTORY, else
// ${XDG_STATE_HOME:-~/.local/state}/llama-keep. Empty when nothing of that is there.
std::string state_folder(const std::string& configured);

}  // namespace keep
