#!/usr/bin/env python3
"""How often the default hedging phrases stop text in which nobody hedges.

Arms:

manuals      documentation from Debian packages, installed if need be; <pre> becomes fenced code, as models
             write it
quotations   the fortunes of Debian: sayings, dialogues, jokes and verse of people, who do hedge
headers      /usr/include
python       the Python modules of the system

Each hit is a false alarm, but for `quotations`. A token is 4 bytes.
"""

import argparse
import glob
import html.parser
import json
import os
import pathlib
import subprocess
import sys

import benchkit

MANUALS = {  # package: its English pages
    "debian-faq": "/usr/share/doc/debian/FAQ/*.en.html",
    "debian-policy": "/usr/share/doc/debian-policy/**/*.html",
    "developers-reference": "/usr/share/developers-reference/*.html",
    "debian-handbook": "/usr/share/doc/debian-handbook/html/en-US/*.html",
    "debian-reference-en": "/usr/share/debian-reference/*.en.html",
    "maint-guide": "/usr/share/doc/maint-guide/html/*.en.html",
    "python3.11-doc": "/usr/share/doc/python3.11/html/**/*.html",
    "postgresql-doc-15": "/usr/share/doc/postgresql-doc-15/html/*.html",
}
FORTUNES = "/usr/share/games/fortunes/*"
CODE = {"headers": ["/usr/include/**/*.h", "/usr/include/**/*.hpp"],
        "python": ["/usr/lib/python3*/**/*.py"]}
TOKEN_BYTES, BATCH = 4, 2000
TARGET_PER_10K = {"manuals": 0.2, "headers": 0.2, "python": 0.2}


class Prose(html.parser.HTMLParser):
    """The text of a page, with a line for each block."""
    INLINE = {"a", "abbr", "b", "code", "em", "i", "span", "strong", "tt", "var", "kbd", "sup", "sub"}
    UNSEEN = {"script", "style", "head"}

    def __init__(self):
        super().__init__()
        self.pieces = []
        self._unseen = 0

    def handle_starttag(self, tag, attrs):
        self._unseen += tag in self.UNSEEN
        self._block(tag)

    def handle_endtag(self, tag):
        self._unseen -= tag in self.UNSEEN
        self._block(tag)

    def _block(self, tag):
        if tag not in self.INLINE:
            self.pieces.append("\n```\n" if tag == "pre" else "\n")

    def handle_data(self, data):
        if not self._unseen:
            self.pieces.append(data)


def install(packages):
    status = subprocess.run(["dpkg-query", "-W", "-f", "${Package}:${db:Status-Status}\n", *packages],
                            capture_output=True, text=True).stdout.split()
    missing = [package for package in packages if f"{package}:installed" not in status]
    if not missing:
        return
    root = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*root, "apt-get", "update", "-qq"])
    subprocess.run([*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
                    "--no-install-recommends", "-o", "Acquire::Retries=5",
                    "-o", "DPkg::Lock::Timeout=600", *missing], check=True, stdout=subprocess.DEVNULL)


def found(patterns):
    names = sorted({name for pattern in patterns for name in glob.glob(pattern, recursive=True)})
    return [name for name in names if os.path.isfile(name) and not os.path.islink(name)]


def stripped(folder):
    """The manuals as text files in a new folder."""
    folder.mkdir()
    for number, name in enumerate(found(MANUALS.values())):
        page = Prose()
        page.feed(pathlib.Path(name).read_text(errors="replace"))
        path = folder / f"{number:05}-{pathlib.Path(name).stem}.txt"
        path.write_text("".join(page.pieces))
    return [str(folder)]


def scan(paths, verbose):
    """-> (bytes, hits, pieces behind which something was held back, seconds). In batches, as a command
    line has a bound."""
    totals = [0, 0, 0, 0.0]
    command = [str(benchkit.BUILD / "tests/bench/hedge_scan"), *(["-v"] if verbose else [])]
    for begin in range(0, len(paths), BATCH):
        *hits, last = subprocess.run([*command, *paths[begin:begin + BATCH]], check=True, text=True,
                                     errors="replace", stdout=subprocess.PIPE).stdout.splitlines()
        for hit in hits:
            print(hit, file=sys.stderr)
        figures = json.loads(last)
        for i, key in enumerate(("bytes", "hits", "held_back", "seconds")):
            totals[i] += figures[key]
    return totals


def run():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-v", "--verbose", action="store_true", help="each hit, to standard error")
    verbose = parser.parse_args().verbose
    install([*MANUALS, "fortunes"])
    rows, misses = [], []
    with benchkit.Bench() as bench:
        arms = {"manuals": stripped(bench.folder / "manuals"),
                "quotations": [n for n in found([FORTUNES]) if not n.endswith((".dat", ".u8"))],
                **{arm: found(patterns) for arm, patterns in CODE.items()}}
        for arm, paths in arms.items():
            size, hits, held_back, seconds = scan(paths, verbose)
            if not size:
                raise benchkit.BenchError(f"{arm}: no text")
            tokens = size / TOKEN_BYTES
            rate, target = hits * 1e4 / tokens, TARGET_PER_10K.get(arm, "")
            benchkit.emit(arm=arm, bytes=size, tokens=int(tokens), hits=hits, hits_per_10k_tokens=rate,
                          held_back_percent=100 * held_back / tokens, scan_mb_s=size / 1e6 / seconds)
            rows.append([arm, int(tokens), hits, f"{rate:.4f}", target, 100 * held_back / tokens,
                         int(size / 1e6 / seconds)])
            if target and rate > target:
                misses.append(f"{arm} {rate:.4f} > {target}")
    benchkit.table(["arm", "tokens", "hits", "per 10k tokens", "target", "held back %", "MB/s"], rows)
    return benchkit.verdict(misses)


if __name__ == "__main__":
    benchkit.main(run)
