// ChatInterrupt: Ctrl-C stops what is under way instead of the program. One at a time.
#pragma once

namespace keep {

// Takes SIGINT while it lives. Waits for input end with EINTR.
class ChatInterrupt {
 public:
  ChatInterrupt();
  ~ChatInterrupt();
  ChatInterrupt(const ChatInterrupt&) = delete;
  ChatInterrupt& operator=(const ChatInterrupt&) = delete;

  static bool pending() noexcept;
  static void clear() noexcept;
};

}  // namespace keep
