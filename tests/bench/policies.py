#!/usr/bin/env python3
"""Which blocks of KV cache to keep: hit rates of eviction policies on traces.

usage: ./dev bench policies [--trace FILE [CAPACITY...]]

Made-up patterns first: `agents`, threads that go on beside sub-agents that ask once; `scan`, chats that come back
among long prompts that do not; `loop`, more conversations in turn than fit. FILE is a trace of requests in the form
that Mooncake published (FAST'25; JSON lines with timestamp in ms and hash_ids, one for each block of the prompt);
capacities are in blocks, 10, 20 and 40 percent of the trace's without any. A million blocks that went are remembered.

A hit is a block of the longest beginning of a prompt that was kept, of all blocks of the prompts (percent), in the
second half of the trace. These traces do not say what the blocks are: static_semantic is lru then, and
adaptive_semantic takes nothing in once it is full. belady knows the future: what can be reached at most, nearly.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import tempfile

import benchkit

POLICIES = ("fifo", "lru", "lfu", "size_aware_lru", "static_semantic", "adaptive_semantic", "gdsf", "s3fifo", "lineage",
            "belady")
BEHIND = 0.2  # points that lineage may be behind lru, and any policy ahead of belady


def chats(rounds, threads, between, turn_blocks=3, longest=24):
    """Threads in turn, each longer than before; after each turn the prompts that `between` makes."""
    fresh = iter(range(1 << 40))
    said = [[] for _ in range(threads)]
    for _ in range(rounds):
        for thread in said:
            if len(thread) > longest:
                thread.clear()
            thread += [next(fresh) for _ in range(turn_blocks)]
            yield list(thread)
            yield from ([next(fresh) for _ in range(blocks)] for blocks in between())


def patterns():
    """-> name: requests, capacities"""
    draw = random.Random(11)
    return {
        "agents": (list(chats(400, 8, lambda: [6] * draw.randrange(12))), (120, 240)),
        "scan": (list(chats(400, 12, lambda: [100] * (draw.randrange(6) == 0))), (200, 400)),
        "loop": (list(chats(200, 40, lambda: [])), (200, 400)),
    }


def read_trace(path):
    with open(path, encoding="utf-8") as lines:
        requests = [json.loads(line) for line in lines]
    return [(request["timestamp"] / 1000, request["hash_ids"]) for request in requests]


def replay(name, requests, capacities):
    """Prints a line for each policy and capacity -> rows of the table"""
    with tempfile.NamedTemporaryFile("w", suffix=".trace") as file:
        file.writelines(f"{time} {' '.join(map(str, blocks))}\n" for time, blocks in requests)
        file.flush()
        done = subprocess.run([benchkit.BUILD / "tests/bench/policy_bench", file.name, *map(str, capacities)],
                              capture_output=True, text=True)
    if done.returncode:
        raise benchkit.BenchError(f"{name}: {done.stderr.strip()}")
    rows = collections.defaultdict(dict)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if not row["references"]:
            raise benchkit.BenchError(f"{name}: the second half of the requests names no blocks")
        percent = 100 * row["hits"] / row["references"]
        benchkit.emit(bench="policies", trace=name, policy=row["policy"], capacity=row["capacity"],
                      hit_percent=round(percent, 2), evictions=row["evictions"],
                      references_per_s=row["references_per_s"])
        rows[row["capacity"]][row["policy"]] = percent
    return rows


def check(name, capacity, hits):
    """-> what is missed"""
    where = f"{name} {capacity}: "
    misses = []
    if hits["lineage"] < hits["lru"] - BEHIND:
        misses.append(f"{where}lineage {hits['lineage']:.2f}, lru {hits['lru']:.2f}")
    misses += [f"{where}{policy} beats belady" for policy in POLICIES if hits[policy] > hits["belady"] + BEHIND]
    return misses


def run(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=pathlib.Path)
    parser.add_argument("capacity", type=int, nargs="*")
    options = parser.parse_args(arguments)
    if options.capacity and not options.trace:
        parser.error("capacities are for --trace")
    traces = {name: (list(enumerate(requests)), capacities)
              for name, (requests, capacities) in patterns().items()}
    if options.trace:
        requests = read_trace(options.trace)
        blocks = len({block for _, chain in requests for block in chain})
        traces[f"{options.trace}"] = requests, options.capacity or [blocks * share // 100 for share in (10, 20, 40)]
    lines, misses = [], []
    for name, (requests, capacities) in traces.items():
        for capacity, found in replay(name, requests, capacities).items():
            lines.append([name, capacity, *(f"{found[policy]:.1f}" for policy in POLICIES)])
            misses += check(name, capacity, found)
    benchkit.table(["trace", "blocks", *POLICIES], lines)
    return benchkit.verdict(misses)


if __name__ == "__main__":
    benchkit.main(run)
