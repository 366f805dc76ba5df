"""conf/llama-keep.toml names every configuration key, and no other."""
import pathlib
import re
import sys

EXAMPLE = pathlib.Path("conf/llama-keep.toml")
SECTION = re.compile(r"^\[\[?([a-z_0-9.]+)\]\]?")
KEY = re.compile(r"^(?:# ?)?([a-z_0-9]+) = ")  # a commented key counts: it shows a default
TABLES = ["proxy/app/config/*_keys.cpp", "plugins/*/*_keys.cpp"]
DECLARED = re.compile(r'"([a-z][a-z_0-9]*(?:\.[a-z][a-z_0-9]*)+)"')


def example_keys(text):
    section = ""
    for line in text.splitlines():
        head = SECTION.match(line.removeprefix("# "))
        section = head[1] if head else section
        key = KEY.match(line)
        if key:
            yield f"{section}.{key[1]}"


def declared_keys(text):
    return DECLARED.findall(text)


sample = '[a]\n# Seconds to wait.\nwait = 3\n# limit = 4\n[[up]]\nurl = "x = y"\n# [b.c]\n# d = 1\n'
assert list(example_keys(sample)) == ["a.wait", "a.limit", "up.url", "b.c.d"]
assert declared_keys('Key::count("a.wait", "In a.b", &S::x), text("127.0.0.1", "b.c.d")') == ["a.wait", "b.c.d"]

shown = set(example_keys(EXAMPLE.read_text()))
known = {key for table in TABLES for file in pathlib.Path(".").glob(table)
         for key in declared_keys(file.read_text())}
for key in sorted(shown - known):
    print(f"{EXAMPLE}: {key} is in no table: {', '.join(TABLES)}")
for key in sorted(known - shown):
    print(f"{EXAMPLE}: {key} is missing")
sys.exit(0 if shown == known and known else 1)
