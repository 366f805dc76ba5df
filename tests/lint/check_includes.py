"""Floors and doors: which folder may include which, and which file may touch a third-party library."""
import posixpath
import re

from lint import report, self_test, sources

FLOORS = {
    "proxy/prebuilt": 0, "proxy/base": 0, "proxy/openai": 1, "proxy/text": 1, "proxy/search": 2,
    "proxy/exchange": 2, "proxy/downstream": 3, "proxy/upstream": 3, "proxy/flow": 4, "proxy/app": 5, "proxy": 5,
}
PLUGIN_FLOOR = 3
PLUGIN_GATHER = r"plugins/plugin_(list|keys|settings)\.[ch]pp"  # what names every plugin
DOORS = [  # (header, the only files that may include it)
    (r"boost/beast", r"proxy/(downstream|upstream)/\w+\.cpp|proxy/prebuilt/boost_src\.cpp"),
    (r"boost/program_options", r"proxy/app/flags\.cpp"),
    (r"boost/url", r"proxy/base/text/url\.cpp|proxy/prebuilt/boost_src\.cpp"),
    (r"simdjson", r"proxy/base/json/json\.cpp"),
    (r"hnswlib", r"proxy/search/vector_graph\.cpp"),
    (r"xxh", r"proxy/base/hash\.cpp"),
    (r"fmt/", r"proxy/base/text/format\.\w+"),
    (r"spdlog", r"proxy/base/log\.\w+"),
    (r"toml", r"proxy/app/config/\w+\.cpp"),
    (r"prometheus/", r"proxy/base/metrics\w*\.cpp"),
    (r"re2/", r"plugins/hygiene/rules\.cpp"),
    (r"zstd|zdict|lmdb", r"proxy/base/compression/\w+\.\w+"),
    (r"zlib", r"proxy/base/compression/inflate\.cpp"),
    (r"brotli/", r"proxy/base/compression/brotli\.cpp"),
    (r"utf8proc", r"proxy/base/text/utf8\.cpp"),
    (r"libstemmer", r"proxy/text/stem\.cpp"),
    (r"sqlite3", r"proxy/base/sqlite\.cpp"),
    (r"editline|histedit", r"proxy/app/client/line_editor\.cpp"),
]
MAKERS = [  # (header of ours, the only files that may include it): others are handed what it declares
    ("base/os/posix_file_system.hpp", r"proxy/base/os/posix_file_system\.cpp|proxy/app/app\.cpp"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def place(path):
    """-> (floor, folder). All of one plugin is one folder."""
    parts = path.split("/")
    folder = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
    return (PLUGIN_FLOOR if parts[0] == "plugins" else FLOORS[folder]), folder


def resolve(path, target):
    """Repository path of an include of ours, by its form."""
    if target.startswith(("plugins/", "proxy/", "engine/", "tests/")):
        return target
    if "/" in target and not target.startswith("."):
        return "proxy/" + target
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def fault_in(path, target):
    own = resolve(path, target)
    if own.startswith("engine/abi/") or re.fullmatch(PLUGIN_GATHER, path):
        return None
    if not own.startswith(("proxy/", "plugins/")):
        return f"product code must not include {own}"
    if own.startswith("plugins/") and not path.startswith("plugins/"):
        allowed = re.fullmatch(PLUGIN_GATHER, own) or own.endswith("_settings.hpp")
        if allowed and path.startswith("proxy/app/"):
            return None
        return f"only proxy/app sees plugins: {PLUGIN_GATHER} and their *_settings.hpp"
    (mine, here), (theirs, there) = place(path), place(own)
    if theirs > mine or (theirs == mine and here != there and there != "proxy/app"):
        return f"{own} (floor {theirs}) must not be seen from {here} (floor {mine})"
    return None


def check(path, text):
    for match in INCLUDE.finditer(text):
        quote, target = match.groups()
        line = text.count("\n", 0, match.start(1)) + 1
        for header, doors in DOORS:
            if re.match(header, target) and quote == "<" and not re.fullmatch(doors, path):
                yield line, f"<{target}>: its only door is {doors}"
        for header, makers in MAKERS:
            if target == header and not re.fullmatch(makers, path):
                yield line, f"{target}: its only door is {makers}"
        fault = fault_in(path, target) if quote == '"' else None
        if fault:
            yield line, fault


self_test(check, bad=[
    ("proxy/base/log.cpp", '#include "openai/event/sse_parser.hpp"\n'),
    ("proxy/upstream/pool.cpp", '#include "downstream/listener.hpp"\n'),
    ("plugins/slots/slots_plugin.cpp", '#include "plugins/identify/table.hpp"\n'),
    ("plugins/slots/slots_plugin.cpp", '#include "../identify/table.hpp"\n'),
    ("proxy/flow/answer/relay.cpp", '#include "plugins/plugin_list.hpp"\n'),
    ("proxy/app/app.cpp", '#include "plugins/slots/slots_plugin.hpp"\n'),
    ("proxy/app/config/config_keys.cpp", '#include "plugins/slots/slots_keys.hpp"\n'),
    ("proxy/flow/pipeline.cpp", '#include "plugins/plugin_keys.hpp"\n'),
    ("proxy/app/app.cpp", '#include "tests/support/fake_clock.hpp"\n'),
    ("proxy/flow/answer/relay.cpp", "#include <boost/beast/http.hpp>\n"),
    ("proxy/openai/request/chat_request.cpp", "#include <simdjson.h>\n"),
    ("proxy/app/verbs/verbs.cpp", "#include <boost/program_options/parsers.hpp>\n"),
    ("plugins/history/log/tail_file.cpp", '#include "base/os/posix_file_system.hpp"\n'),
    ("proxy/text/words.cpp", '#include "openai/request/message.hpp"\n'),
    ("proxy/search/scope.cpp", '#include "exchange/window.hpp"\n'),
], good=[
    ("proxy/flow/answer/relay.cpp", '#include "upstream/pool.hpp"\n#include "relay.hpp"\n#include <vector>\n'),
    ("proxy/app/app.cpp", '#include "plugins/plugin_list.hpp"\n#include "base/os/posix_file_system.hpp"\n'),
    ("proxy/app/config/config.hpp", '#include "plugins/slots/slots_settings.hpp"\n'),
    ("proxy/main.cpp", '#include "app/verbs/verbs.hpp"\n'),
    ("proxy/app/config/config_keys.cpp", '#include "plugins/plugin_keys.hpp"\n'),
    ("plugins/plugin_keys.cpp", '#include "plugins/slots/slots_keys.hpp"\n'),
    ("plugins/plugin_list.cpp", '#include "plugins/slots/slots_plugin.hpp"\n'),
    ("plugins/tier/model/lru.cpp", '#include "plugins/tier/effects.hpp"\n'),
    ("proxy/upstream/pool.cpp", "#include <boost/beast/core.hpp>\n"),
])
report(check, [p for p in sources(".hpp", ".cpp") if p.startswith(("proxy/", "plugins/"))])
