#!/usr/bin/env python3
"""What many idle conversations cost, through a running proxy in front of a scripted upstream.

usage: ./dev bench conversations [N]

Each conversation is one request that brings 1000 tokens. Growth is measured after the first tenth, which
fills what is allocated once. Arms:

idle      what a conversation itself costs
default   the same with the texts of earlier prompts, a cache that ends at hygiene.explain_bytes
"""

import argparse
import http.client
import json
import pathlib
import random
import signal
import time

import benchkit

TOKENS, BYTES_PER_TOKEN, MESSAGES = 1000, 4, 10
MOCK = benchkit.BUILD / "tests/bench/mock_upstream"
LOOKUPS = 200
ARMS = {"idle": ("--hygiene.explain_bytes", "1KB"), "default": ()}
TARGETS = {"rss_per_conversation_bytes": 2048, "lookup_p99_ms": 5, "list_ms": 1000, "resume_p99_ms": 50,
           "restart_s": 5}
WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()


class Keep:
    def __init__(self, bench, upstream, folder, *flags):
        self._bench, self._port = bench, bench.free_port()
        self._command = [benchkit.KEEP_BIN, "serve", "--listen", f"127.0.0.1:{self._port}",
                         "--upstream", f"http://127.0.0.1:{upstream}", "--history.folder", folder, *flags]
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        self.start()

    def start(self):
        """-> seconds until it serves"""
        begun = time.perf_counter()
        self._process = self._bench.start("llama-keep", self._command, self._port, path="/ready")
        return time.perf_counter() - begun

    def stop(self):
        self._connection.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def request(self, method, path, body=None, headers=None):
        """-> (milliseconds, the reply)"""
        begun = time.perf_counter()
        self._connection.request(method, path, body and json.dumps(body), headers or {})
        reply = self._connection.getresponse()
        data = reply.read()
        spent = (time.perf_counter() - begun) * 1000
        if reply.status != 200:
            raise benchkit.BenchError(f"{path}: HTTP {reply.status}: {data[:300]}")
        return spent, json.loads(data)

    def say(self, number, messages):
        body = {"messages": messages, "max_tokens": 1}
        return self.request("POST", "/v1/chat/completions", body, {
            "X-Conversation-Id": f"conversation-{number}", "Content-Type": "application/json"})[0]


def messages_of(number):
    chance = random.Random(number)
    messages = []
    for i in range(MESSAGES):
        text = f"Message {i} of conversation {number}."
        while len(text) < TOKENS * BYTES_PER_TOKEN / MESSAGES:
            text += " " + chance.choice(WORDS) + str(chance.randrange(1000))
        messages.append({"role": "assistant" if i % 2 else "user", "content": text})
    return [*messages, {"role": "user", "content": "Go on."}]


def grow(keep, count):
    """-> bytes per conversation"""
    first = count // 10
    for number in range(first):
        keep.say(number, messages_of(number))
    before = keep.rss_bytes()
    for number in range(first, count):
        keep.say(number, messages_of(number))
    return (keep.rss_bytes() - before) / (count - first)


def look(keep, count):
    """Times of what is done with conversations that nobody has touched for long."""
    some = random.Random(1).sample(range(count // 2), min(LOOKUPS, count // 2))
    lookups = [keep.request("GET", f"/v1/sessions/conversation-{number}")[0] for number in some]
    resumed = [keep.say(number, [*messages_of(number), {"role": "assistant", "content": "Yes."},
                                 {"role": "user", "content": "And?"}]) for number in some]
    listed, reply = keep.request("GET", "/v1/conversations/list")
    if len(reply["conversations"]) != count:
        raise benchkit.BenchError(f"{len(reply['conversations'])} conversations are listed, not {count}")
    return {"lookup_p50_ms": benchkit.median(lookups), "lookup_p99_ms": benchkit.percentile(lookups, 0.99),
            "resume_p50_ms": benchkit.median(resumed), "resume_p99_ms": benchkit.percentile(resumed, 0.99),
            "list_ms": listed}


def measure(bench, upstream, arm, count):
    folder = bench.folder / arm
    keep = Keep(bench, upstream, folder, *ARMS[arm])
    figures = {"rss_empty_mb": keep.rss_bytes() / 1e6, "rss_per_conversation_bytes": grow(keep, count)}
    figures |= look(keep, count)
    disk = sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))
    figures["disk_per_conversation_bytes"] = disk / count
    keep.stop()
    figures["restart_s"] = keep.start()
    figures["rss_restarted_mb"] = keep.rss_bytes() / 1e6
    look(keep, count)  # everything is still there
    benchkit.emit(bench="conversations", arm=arm, conversations=count, **figures)
    return figures


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    count = parser.parse_args().count
    with benchkit.Bench() as bench:
        upstream = bench.free_port()
        bench.start("mock", [MOCK, "--port", upstream, "--slots", 8], upstream)
        figures = {arm: measure(bench, upstream, arm, count) for arm in ARMS}
    benchkit.table(["figure", *ARMS, "target <="],
                   [[name, *(figures[arm][name] for arm in ARMS), TARGETS.get(name, "")]
                    for name in figures["idle"]])
    return benchkit.verdict([f"{name}={figures['idle'][name]:.1f} (target <= {limit})"
                             for name, limit in TARGETS.items() if figures["idle"][name] > limit])


if __name__ == "__main__":
    benchkit.main(run)
