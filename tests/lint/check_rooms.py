"""Rooms: a folder holds at most 15 (a file with its header, or a folder, is one), and no folder in it needs a
neighbour that needs it in turn, by whatever way."""
import pathlib
import posixpath
import re
import sys

from lint import self_test, sources

LIMIT = 15
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def own_path(target):
    return target if target.startswith(("plugins/", "proxy/", "engine/")) else "proxy/" + target


def rooms_of(files):
    """{folder: {room: {needed room}}} for {path: text}."""
    rows = {}
    for path, text in files.items():
        parts = path.split("/")
        needed = [own_path(target).split("/") for target in INCLUDE.findall(text)]
        for depth in range(1, len(parts)):
            room = rows.setdefault("/".join(parts[:depth]), {}).setdefault(posixpath.splitext(parts[depth])[0], set())
            room.update(posixpath.splitext(other[depth])[0] for other in needed
                        if other[:depth] == parts[:depth] and len(other) > depth)
    return rows


def reached_from(start, row):
    seen, left = set(), [start]
    while left:
        for other in row.get(left.pop(), ()):
            if other not in seen:
                seen.add(other)
                left.append(other)
    return seen


def faults_in(files):
    for folder, row in sorted(rooms_of(files).items()):
        if len(row) > LIMIT:
            yield folder, f"{len(row)} rooms, the limit is {LIMIT}"
        for room in sorted(row):
            is_folder = any(path.startswith(f"{folder}/{room}/") for path in files)
            if is_folder and room in reached_from(room, {a: needs - {a} for a, needs in row.items()}):
                yield folder, f"{room} needs what needs it"


def check(path, text):
    """A sample is a list of files, each `path: includes`; the tree is checked as one such list."""
    files = {}
    for line in text.splitlines():
        name, _, needed = line.partition(": ")
        files[name] = "".join(f'#include "{other}"\n' for other in needed.split())
    return faults_in(files)


self_test(check, bad=[
    ("row", "\n".join(f"proxy/base/r{i}.cpp: " for i in range(16))),
    ("circle", "proxy/flow/answer/relay.cpp: flow/run.hpp\nproxy/flow/run.hpp: flow/answer/relay.hpp"),
    ("way round", "proxy/a/x/x.cpp: a/y.hpp\nproxy/a/y.hpp: a/z.hpp\nproxy/a/z.hpp: a/x/x.hpp"),
], good=[
    ("row", "\n".join(f"proxy/base/r{i}.{end}: " for i in range(15) for end in ("cpp", "hpp"))),
    ("arrow", "proxy/flow/answer/relay.cpp: flow/flow.hpp flow/answer/relay.hpp\nproxy/flow/flow.hpp: base/log.hpp"),
])


faults = [f"{folder}: {fault}" for root in ("proxy", "plugins") for folder, fault in
          faults_in({p: pathlib.Path(p).read_text() for p in sources(".cpp", ".hpp") if p.startswith(root + "/")})]
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
