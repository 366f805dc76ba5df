// sd_notify: tells systemd how the service is: READY=1, STATUS=text, STOPPING=1, WATCHDOG=1.
//
// One datagram to $NOTIFY_SOCKET ('@' at the front: abstract). Never blocks; does nothing when the
// variable is not set, and a failure is nobody's business.
#pragma once

#include <string_view>

namespace keep {

void sd_notify(std::string_view state) noexcept;

}  // namespace keep
