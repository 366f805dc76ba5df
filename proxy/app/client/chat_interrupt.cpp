#include "app/client/chat_interrupt.hpp"

#include <csignal>

namespace keep {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void note(int) { interrupted = 1; }

}  // namespace

ChatInterrupt::ChatInterrupt() {
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

ChatInterrupt::~ChatInterrupt() { std::signal(SIGINT, SIG_DFL); }

bool ChatInterrupt::pending() noexcept { return interrupted != 0; }
void ChatInterrupt::clear() noexcept { interrupted = 0; }

}  // namespace keep
