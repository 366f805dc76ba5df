// Numbers of the file that llama-server saves a slot to, for who reads and writes it.
#pragma once

#include <cstdint>

namespace keep::tier {

inline constexpr std::uint32_t kSlotFileMagic = 0x67677371;
inline constexpr std::uint32_t kPackedTokens = 0xffffffff;  // before a packed list: version, count,
inline constexpr std::uint32_t kPackedVersion = 1;          // tokens, count of media
inline constexpr std::uint32_t kPackedWords = 4;            // of the list beside the tokens
inline constexpr std::uint64_t kCellBytes = 12;             // position, sequences (1), sequence
inline constexpr std::uint64_t kPartHeadBytes = 12;

}  // namespace keep::tier
