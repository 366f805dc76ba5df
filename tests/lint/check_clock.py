"""Time: who decides is told what time it is by a Clock (Services), so that tests turn its hands. Only what sits on the
kernel's timers and sockets asks the kernel's clock itself."""
import re

from lint import report, self_test, sources

ASKS = re.compile(r"\b(?:steady|system|high_resolution)_clock::now\b|\b(?:clock_gettime|gettimeofday)\s*\(|(?:\bstd::|[\s=(])time\s*\(")
MAY = ("proxy/base/time/", "proxy/base/async/deadline.", "proxy/base/os/line_writer.", "proxy/downstream/", "proxy/app/process/", "proxy/app/client/")


def check(path, text):
    if path.startswith(MAY) or not path.startswith(("proxy/", "plugins/", "engine/")):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if ASKS.search(line.split("//")[0]):
            yield number, "asks the clock itself: take `now` as an argument, or ask Services::clock"


self_test(check, bad=[
    ("proxy/flow/pipeline.cpp", "const Instant now = std::chrono::steady_clock::now();"),
    ("plugins/slots/a.cpp", "auto t = std::chrono::system_clock::now();"),
    ("plugins/slots/b.cpp", "const auto t = std::time(nullptr);"),
], good=[
    ("proxy/base/time/clock.hpp", "return std::chrono::steady_clock::now();"),
    ("proxy/downstream/peer.hpp", "since = std::chrono::steady_clock::now();"),
    ("plugins/slots/a.cpp", "const Instant now = services_.clock.now();  // not steady_clock::now()"),
    ("tests/unit/a_test.cpp", "std::chrono::steady_clock::now();"),
])
report(check, sources(".cpp", ".hpp"))
