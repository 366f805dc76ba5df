#!/usr/bin/env python3
"""Answers that hedge: facts out of the window that recall is not asked for before the answer.

Part one, real HTTP and the demo model, each fact asked in a streamed request of its own behind a history of
small talk, recall.enabled=false. Arms:

context  the model alone, the fact stated in the middle of the newest 500 tokens of the conversation
off      through llama-keep with hedge.enabled=false
on       through llama-keep

Part two, a mock upstream that streams prose without a hedge as fast as it can (in each sentence some words
begin a phrase and wait): CPU time of llama-keep for an event with the plugin on and off, interleaved.
"""

import argparse
import dataclasses
import http.client
import json
import random
import re
import time

import benchkit
import needle_talk
import overhead
from needle_talk import assistant, data, user

MODEL = benchkit.REPO / "engine/demo-model/model-f16.gguf"
WINDOW, SLOT_CTX, TAIL, TALK = 1000, 1024, 500, 3000
FACTS_AT_ONCE = 40  # in one conversation
TARGET_PERCENT, TARGET_COST = 90, 1.1
HEDGING = re.compile(r"if i (recall|remember)|let me see if i can remember|i am not sure", re.IGNORECASE)


@dataclasses.dataclass
class Answer:
    text: str
    first_ms: float  # first visible token
    whole_ms: float
    keep: dict       # x_keep

    def right(self, fact):
        return str(fact.value) in self.text

    def hedges(self):
        return HEDGING.search(self.text) is not None


def ask(port, messages, conversation="", max_tokens=24):
    """One streamed answer, its stream checked: one id, one role, one end, one usage."""
    body = {"messages": messages, "temperature": 0, "max_tokens": max_tokens, "stream": True,
            "stream_options": {"include_usage": True}}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    begun, text, first, keep = time.perf_counter(), "", None, {}
    ids, roles, ends, usages = set(), 0, 0, 0
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body),
                           {"Content-Type": "application/json", "X-Conversation-Id": conversation})
        reply = connection.getresponse()
        if reply.status != 200:
            raise benchkit.BenchError(f"HTTP {reply.status}: {reply.read()[:300]}")
        for line in reply:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                raise benchkit.BenchError(str(event["error"]))
            ids.add(event["id"])
            usages += event.get("usage") is not None
            keep = event.get("x_keep", keep)
            for choice in event["choices"]:
                roles += "role" in choice["delta"]
                ends += choice["finish_reason"] is not None
                if choice["delta"].get("content"):
                    first = first or time.perf_counter()
                    text += choice["delta"]["content"]
    finally:
        connection.close()
    now = time.perf_counter()
    if (len(ids), roles, ends, usages) != (1, 1, 1, 1):
        raise benchkit.BenchError(f"{len(ids)} ids, {roles} roles, {ends} ends, {usages} usages in one stream")
    return Answer(text, ((first or now) - begun) * 1000, (now - begun) * 1000, keep)


class Stack:
    """An engine, and a proxy that looks for hedging and one that does not."""

    def __init__(self, bench):
        self.engine = bench.free_port()
        command = [benchkit.ENGINE_RUN, MODEL, self.engine, 2, 2 * SLOT_CTX]
        bench.start("engine", command, self.engine, ready_s=300)
        flags = ("--window.tokens", WINDOW, "--recall.enabled", "false")
        self.ports = {"off": bench.start_keep(self.engine, "off", *flags, "--hedge.enabled", "false"),
                      "on": bench.start_keep(self.engine, "on", *flags)}


def make_history(chance, facts):
    """The facts, and TALK tokens (of four bytes) about nothing behind them."""
    messages = [message for fact in facts for message in fact.turn()]
    left = TALK * 4
    while left > 0:
        said, answered = data.chat(chance)
        messages += [user(said), assistant(answered)]
        left -= len(said) + len(answered)
    return messages


def in_context(stack, history, fact):
    visible = needle_talk.tail(history, TAIL, 4)
    middle = len(visible) // 4 * 2
    return ask(stack.engine, [*visible[:middle], *fact.turn(), *visible[middle:], user(fact.question)])


def measure(stack, questions):
    """-> lists of (fact, answer) for each arm; the arms take turns"""
    answers = {"context": [], "off": [], "on": []}
    for number in range(-(-questions // FACTS_AT_ONCE)):
        chance = random.Random(number)
        facts = needle_talk.make_needles(chance, FACTS_AT_ONCE)
        history = make_history(chance, facts)
        for port in stack.ports.values():  # puts it on record
            ask(port, [*history, user("Hello!")], f"talk {number}", max_tokens=1)
        for fact in facts[:questions - number * FACTS_AT_ONCE]:
            answers["context"].append((fact, in_context(stack, history, fact)))
            arms = list(stack.ports.items())
            for arm, port in arms if len(answers["on"]) % 2 else reversed(arms):
                answers[arm].append((fact, ask(port, [*history, user(fact.question)], f"talk {number}")))
    return answers


def show_transcript(stack):
    """One question, with and without."""
    facts = needle_talk.make_needles(random.Random(0), FACTS_AT_ONCE)
    history = make_history(random.Random(0), facts)
    print(f"user, {len(history) // 2} turns ago: {facts[0].statement}\nuser: {facts[0].question}")
    for arm, port in stack.ports.items():
        ask(port, [*history, user("Hello!")], "talk", max_tokens=1)
        answer = ask(port, [*history, user(facts[0].question)], "talk")
        told = f"\n  x_keep: {json.dumps(answer.keep)}" if answer.keep else ""
        print(f"assistant, hedge.enabled={'true' if arm == 'on' else 'false'}: {answer.text}{told}")


def percent(flags):
    flags = list(flags)
    return 100 * sum(flags) / max(1, len(flags))


def report_answers(answers):
    """-> what misses its target"""
    for arm, given in answers.items():
        benchkit.emit(bench="hedge", part="answers", arm=arm, questions=len(given),
                      right_percent=percent(a.right(f) for f, a in given),
                      hedges_percent=percent(a.hedges() for _, a in given),
                      first_p50_ms=benchkit.median([a.first_ms for _, a in given]),
                      whole_p50_ms=benchkit.median([a.whole_ms for _, a in given]))
    rows = list(zip(answers["context"], answers["off"], answers["on"]))
    due = [on for context, off, on in rows if off[1].hedges() and context[1].right(context[0])]
    rescued = [(off[1], on[1]) for _, off, on in rows if on[1].keep.get("recall", "none") != "none"]
    right = percent(answer.right(fact) for fact, answer in due)
    visible = sum(answer.hedges() for _, answer in rescued)
    quiet = [(off[1], on[1]) for _, off, on in rows if not on[1].keep]
    figures = {
        "hedging_and_known": len(due), "of_these_right_percent": right,
        "resubmitted": len(rescued), "hedging_visible_in_these": visible,
        "added_first_p50_ms": benchkit.median([on.first_ms - off.first_ms for off, on in rescued] or [0]),
        "added_whole_p50_ms": benchkit.median([on.whole_ms - off.whole_ms for off, on in rescued] or [0]),
        "engine_added_p50_ms": benchkit.median([on.keep["added_ms"] for _, on in rescued] or [0]),
        "wasted_tokens_p50": benchkit.median([on.keep["wasted_tokens"] for _, on in rescued] or [0]),
        "not_stopped": len(quiet),
        "not_stopped_added_first_p50_ms": benchkit.median([on.first_ms - off.first_ms for off, on in quiet] or [0]),
    }
    benchkit.emit(bench="hedge", part="answers", **figures)
    benchkit.table(["figure", "value"], figures.items())
    misses = []
    if right < TARGET_PERCENT:
        misses.append(f"of_these_right_percent={right:.1f} (target >= {TARGET_PERCENT})")
    if visible:
        misses.append(f"hedging_visible={visible} (target 0)")
    return misses


def measure_cost(bench, rounds):
    """-> CPU microseconds an event, with the plugin off and on"""
    mock_port = bench.free_port()
    bench.start("mock", [benchkit.BUILD / "tests/bench/mock_upstream", "--port", mock_port, "--prose"],
                mock_port)
    servers = {}
    for arm in ("false", "true"):
        port = bench.free_port()
        command = [benchkit.KEEP_BIN, "serve", "--listen", f"127.0.0.1:{port}", "--upstream",
                   f"http://127.0.0.1:{mock_port}", "--history.folder", bench.folder / f"cost-{arm}",
                   "--hedge.enabled", arm]
        servers[arm] = (port, bench.start("llama-keep", command, port, path="/ready",
                                          env={"LLAMA_KEEP_LOG_LEVEL": "warn"}))
    cell = overhead.Cell("stream", 4, 1 << 10, 1000, ("--seconds", "1"))
    totals = {arm: [0, 0] for arm in servers}
    for number in range(rounds):
        for arm in sorted(servers, reverse=number % 2 == 1):
            result = overhead.run_cell(*servers[arm], cell)
            totals[arm][0] += result["cpu_s"]
            totals[arm][1] += result["events"]
    return [1e6 * cpu / max(1, events) for cpu, events in (totals["false"], totals["true"])]


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10, help="of part two")
    parser.add_argument("--misses", action="store_true", help="show the wrong answers of `on`")
    parser.add_argument("--transcript", action="store_true", help="show one question and its answers, no more")
    arguments = parser.parse_args()
    with benchkit.Bench() as bench:
        stack = Stack(bench)
        if arguments.transcript:
            return show_transcript(stack)
        answers = measure(stack, arguments.questions)
        if arguments.misses:
            for (fact, on), (_, off) in zip(answers["on"], answers["off"]):
                if not on.right(fact):
                    print(f"{fact.statement} off {off.text!r} on {on.text!r} {on.keep}")
        misses = report_answers(answers)
    with benchkit.Bench() as bench:
        off, on = measure_cost(bench, arguments.rounds)
    benchkit.emit(bench="hedge", part="cost", off_us_per_event=off, on_us_per_event=on, ratio=on / off)
    if on > TARGET_COST * off:
        misses.append(f"cost_ratio={on / off:.2f} (target <= {TARGET_COST})")
    return benchkit.verdict(misses)


if __name__ == "__main__":
    benchkit.main(run)
