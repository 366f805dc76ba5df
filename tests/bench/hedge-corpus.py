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
import json
import subprocess
import sys

import benchkit
import manuals

FORTUNES = "/usr/share/games/fortunes/*"
CODE = {"headers": ["/usr/include/**/*.h", "/usr/include/**/*.hpp"],
        "python": ["/usr/lib/python3*/**/*.py"]}
TOKEN_BYTES, BATCH = 4, 2000
TARGET_PER_10K = {"manuals": 0.2, "headers": 0.2, "python": 0.2}


def stripped(folder):
    """The manuals as text files in a new folder."""
    folder.mkdir()
    for number, (name, text) in enumerate(manuals.pages()):
        (folder / f"{number:05}-{name}.txt").write_text(text)
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
    manuals.install(["fortunes"])
    rows, misses = [], []
    with benchkit.Bench() as bench:
        arms = {"manuals": stripped(bench.folder / "manuals"),
                "quotations": [n for n in manuals.found([FORTUNES]) if not n.endswith((".dat", ".u8"))],
                **{arm: manuals.found(patterns) for arm, patterns in CODE.items()}}
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
