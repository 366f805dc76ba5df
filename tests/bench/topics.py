#!/usr/bin/env python3
"""Many conversations on one engine: 40 topics, 4 rounds of round-robin, one request at a time.

usage: ./dev bench topics [--topics N] [--clients N] [--facts N] [--few-ctx N] [--arms A,B]
MODEL=smollm2 ./dev bench topics --topics 12 --clients 4 --facts 50 --few-ctx 8192 --arms unpinned-ram,pinned-few

shared          all topics in one history on slot 0: grows until the context overflows
unpinned        a prompt per topic, 4 slots, the server chooses the slot and has no prompt cache in RAM
unpinned-ram    the same with that cache, as it starts by default
pinned-few      the same through llama-keep, which is told nothing about the topics
unpinned-wide   a prompt per topic and as many slots as topics, the server chooses the slot
pinned          a slot per topic, through llama-keep

Every arm has an engine of its own; the arms take turns within each round, each round in another order.
"""

import argparse
import concurrent.futures
import dataclasses
import http.client
import json
import os
import subprocess
import time

import benchkit

ROUNDS = 4
MODEL = subprocess.run([benchkit.REPO / "engine/bundle/model.sh", os.environ.get("MODEL") or "demo"],
                       check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
TRAINED_CTX = 1024
TOPIC_CTX = 512  # cells for one topic of four rounds, with room to spare
# As in real traffic, all topics come from one application and begin with its system prompt.
SYSTEM = {"role": "system", "content": "You are a helpful assistant. You keep the notes of the city. "
                                       "You answer every question in one short sentence."}
NOUNS = ("museum", "garden", "station", "library", "harbour", "market", "bridge", "tower")
PLACES = ("north", "south", "east", "west", "old", "new", "upper", "lower")
QUESTION = "What is the vault code of the {}?"


@dataclasses.dataclass
class Turn:
    ttft_ms: float = 0
    prompt_n: int = 0
    overflow: bool = False


def ask(port, messages, **fields):
    """One streamed turn: the Turn and the answer's text (None when the context overflowed)."""
    body = json.dumps({"messages": messages, "stream": True, "max_tokens": 16, "temperature": 0, **fields})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.perf_counter()
    try:
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        if reply.status == 200:
            return read_events(reply, begun)
        failure = reply.read()
        if b"exceed_context_size_error" in failure:
            return Turn(overflow=True), None
        raise benchkit.BenchError(f"HTTP {reply.status}: {failure[:500]}")
    finally:
        connection.close()


def read_events(reply, begun):
    turn, text = Turn(), ""
    for line in reply:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise benchkit.BenchError(f"the stream failed: {event['error']}")
        for choice in event.get("choices", []):
            if piece := choice["delta"].get("content"):
                turn.ttft_ms = turn.ttft_ms or (time.perf_counter() - begun) * 1000
                text += piece
        turn.prompt_n = event.get("timings", {}).get("prompt_n", turn.prompt_n)
    return turn, text


def statement(topic, number):
    place = PLACES[topic // len(NOUNS) % len(PLACES)]
    return f"The vault code of the {place} {NOUNS[topic % len(NOUNS)]} is {1000 + 97 * topic + number}."


def question(topic, number, facts=8):
    """The first message brings the facts; it is unlike the first message of any other topic."""
    if number == 0:
        return " ".join(statement(topic, fact) for fact in range(facts)) + " Hello!"
    return statement(topic, number) + " " + QUESTION.format(NOUNS[(topic + number) % len(NOUNS)])


class Shared:
    """One history for everything: what a message adds stays in front of all topics."""

    def __init__(self, arguments):
        self._facts = arguments.facts
        self._history = [SYSTEM]

    def ask(self, port, topic, number):
        said = {"role": "user", "content": question(topic, number, self._facts)}
        turn, text = ask(port, [*self._history, said], id_slot=0)
        if text is not None:  # an overflowing message is lost, the history stays
            self._history += [said, {"role": "assistant", "content": text}]
        return turn


class PerTopic:
    """One history per topic."""

    def __init__(self, arguments):
        self._facts = arguments.facts
        self._histories = [[SYSTEM] for _ in range(arguments.topics)]

    def ask(self, port, topic, number):
        history = self._histories[topic]
        history.append({"role": "user", "content": question(topic, number, self._facts)})
        turn, text = ask(port, history)
        history.append({"role": "assistant", "content": text or ""})
        return turn


def start_engine(bench, slots, ctx, *flags):
    port = bench.free_port()
    command = [benchkit.ENGINE_RUN, MODEL, port, slots, ctx, *flags]
    # The first start may have to stage the engine from the archive.
    bench.start("engine", command, port, ready_s=300)
    return port


def start_wide(bench, arguments):
    return start_engine(bench, arguments.topics, arguments.topics * TOPIC_CTX)


def start_few(bench, arguments, *flags):
    return start_engine(bench, 4, arguments.few_ctx, *flags)


def start_keep(bench, upstream):
    port = bench.free_port()
    # All slots are for topics here: no auxiliary call comes along that would need one.
    command = [benchkit.KEEP_BIN, "serve", "--listen", f"127.0.0.1:{port}",
               "--upstream", f"http://127.0.0.1:{upstream}"]
    bench.start("llama-keep", command, port, path="/ready", env={"LLAMA_KEEP_SLOTS_SCRATCH": "false"})
    return port


ARMS = {
    "shared": (Shared, lambda bench, _: start_engine(bench, 1, TRAINED_CTX)),
    "unpinned": (PerTopic, lambda bench, arguments: start_few(bench, arguments, "--cache-ram", 0, "-sps", 0)),
    "unpinned-ram": (PerTopic, start_few),
    "pinned-few": (PerTopic, lambda bench, arguments: start_keep(bench, start_few(bench, arguments))),
    "unpinned-wide": (PerTopic, start_wide),
    "pinned": (PerTopic, lambda bench, arguments: start_keep(bench, start_wide(bench, arguments))),
}


def summarize(turns):
    served = [turn.ttft_ms for turn in turns if not turn.overflow]
    return {"ttft_p50_ms": benchkit.percentile(served, 0.5) if served else None,
            "ttft_p95_ms": benchkit.percentile(served, 0.95) if served else None,
            "ttft_max_ms": max(served, default=None),
            "prompt_n_tokens": sum(turn.prompt_n for turn in turns),
            "overflows": sum(turn.overflow for turn in turns)}


def report(turns, arms):
    """Prints a line per arm and round, one for the warm rounds (2 on) and one for all; returns the warm ones."""
    warm = {}
    for arm in arms:
        for number in range(ROUNDS):
            benchkit.emit(bench="topics", arm=arm, round=number + 1, **summarize(turns[arm, number]))
        warm[arm] = summarize([turn for number in range(1, ROUNDS) for turn in turns[arm, number]])
        whole = summarize([turn for number in range(ROUNDS) for turn in turns[arm, number]])
        benchkit.emit(bench="topics", arm=arm, round="2+", **warm[arm])
        benchkit.emit(bench="topics", arm=arm, round="all", **whole)
    head = ["arm", *next(iter(warm.values()))]
    print("\nfrom round 2 on")
    benchkit.table(head, [[arm, *(value if value is not None else "-" for value in warm[arm].values())]
                          for arm in arms])
    return warm


def find_misses(warm, overflows):
    misses = []
    pinned, naive = warm["pinned"], warm["unpinned"]
    if overflows:
        misses.append(f"overflows={overflows} (target 0)")
    if pinned["ttft_p95_ms"] > naive["ttft_p95_ms"]:
        misses.append(f"ttft_p95_ms={pinned['ttft_p95_ms']:.2f} (target <= {naive['ttft_p95_ms']:.2f})")
    share = pinned["prompt_n_tokens"] / max(naive["prompt_n_tokens"], 1)
    if share > 0.5:
        misses.append(f"prompt_n_vs_unpinned={share:.2f} (target <= 0.5)")
    return misses


def find_few_misses(warm):
    """More topics than slots: llama-keep may not be worse than the server alone."""
    few, bare = warm["pinned-few"], warm["unpinned-ram"]
    return [f"few_{name}_vs_bare={few[name] / bare[name]:.2f} (target <= 1.1)"
            for name in ("prompt_n_tokens", "ttft_p50_ms") if few[name] > 1.1 * bare[name]]


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--topics", type=int, default=40)
    parser.add_argument("--clients", type=int, default=1, help="requests at a time")
    parser.add_argument("--facts", type=int, default=8, help="in the first message, about 25 tokens each")
    parser.add_argument("--few-ctx", type=int, default=4 * TRAINED_CTX, help="-c of the arms with 4 slots")
    parser.add_argument("--arms", default=",".join(ARMS), help="a subset of %(default)s")
    arguments = parser.parse_args()
    arms = [arm for arm in ARMS if arm in arguments.arms.split(",")]
    turns = {}
    with benchkit.Bench() as bench, concurrent.futures.ThreadPoolExecutor(arguments.clients) as clients:
        ports = {arm: ARMS[arm][1](bench, arguments) for arm in arms}
        talkers = {arm: ARMS[arm][0](arguments) for arm in arms}
        for number in range(ROUNDS):
            shift = number % len(arms)
            for arm in arms[shift:] + arms[:shift]:
                turns[arm, number] = list(clients.map(
                    lambda topic, arm=arm, number=number: talkers[arm].ask(ports[arm], topic, number),
                    range(arguments.topics)))
    warm = report(turns, arms)
    few_misses = find_few_misses(warm) if {"pinned-few", "unpinned-ram"} <= set(arms) else []
    if not {"pinned", "unpinned"} <= set(arms):
        return benchkit.verdict(few_misses)
    overflows = sum(turn.overflow for number in range(ROUNDS) for turn in turns["pinned", number])
    return benchkit.verdict(find_misses(warm, overflows) + few_misses)


if __name__ == "__main__":
    benchkit.main(run)
