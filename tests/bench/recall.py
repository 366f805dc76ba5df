#!/usr/bin/env python3
"""How well recall finds what was said: the lexical index on annotated dialogues.

usage: ./dev bench recall DIR [--haystack TOKENS] [--full] [--embeddings URL]

DIR has conv_K.jsonl (turns: id "D<session>:<number>", speaker, date, text) and questions.jsonl (conv, question,
category, evidence: ids of turns). A turn is a passage and a dialogue an index. Of the evidence of a question,
rN is the share (percent) among the best N turns, tB the share in what fits B tokens when turns are taken best
first until one does not fit; a turn costs 1.3 tokens for every word of "speaker: text". Category 5 asks for what
was never said and does not count.

`selected` is the share of the evidence in what recall would put into a prompt with room for 1024 tokens, and
`tokens` what that takes.

With the URL of a server that has /v1/embeddings, the same with what vectors add: rows "fused".

Then all dialogues are put into one index, half of a haystack before and half behind them: its speed and size, and
t1024 there. The haystack is made-up prose (the dialogues' own words by frequency, so that the lists are long:
it is for speed). With --full also ten times that; the manuals in Debian's documentation packages, again and
again up to 10M and 100M tokens; and 10M tokens of chat about the same things: sentences made of word pairs of the
dialogues' own turns (but those that are evidence), same speakers.
"""

import argparse
import collections
import datetime
import itertools
import json
import pathlib
import random
import subprocess
import time
import urllib.error
import urllib.request

import benchkit
import manuals

CUTS = (5, 10, 20)
BUDGETS = (512, 1024, 2048)
KEYS = [f"r{cut}" for cut in CUTS] + [f"t{budget}" for budget in BUDGETS] + ["selected", "tokens"]
ROOM = 1024
UNANSWERABLE = 5
BATCH = 16  # texts of one request for embeddings
TARGETS = {"r5": 72, "r10": 80, "r20": 85, "t512": 80, "t1024": 85.5, "t2048": 89.5}
# Of the haystacks: `least` or `most`.
EVERY_SIZE = {"build_tokens_per_s": ("least", 2.5e6), "bytes_per_token": ("most", 1.1)}
HAYSTACK_TARGETS = {
    "prose": {**EVERY_SIZE, "query_p50_ms": ("most", 1), "query_p99_ms": ("most", 5)},
    "prose x10": {**EVERY_SIZE, "query_p50_ms": ("most", 8), "query_p99_ms": ("most", 25)},
    "manuals": {"t1024": ("least", 85)},
    "manuals x10": {"t1024": ("least", 84.5)},
    "same topics": {"t1024": ("least", 69)},
}
FULL_TOKENS, PASSAGE_WORDS = 10e6, 90
DATE_FORM = "%I:%M %p on %d %B, %Y"


class Index:
    """The program that holds the index."""

    def __init__(self):
        program = benchkit.BUILD / "tests/bench/recall_bench"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)

    def tell(self, *fields):
        print(*(" ".join(str(field).split()) for field in fields), sep="\t", file=self._process.stdin)

    def ask(self, *fields):
        self.tell(*fields)
        self._process.stdin.flush()
        if line := self._process.stdout.readline():
            return json.loads(line)
        raise benchkit.BenchError("recall_bench ended")


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_dialogues(folder):
    found = {int(path.stem.partition("_")[2]): read_lines(path) for path in sorted(folder.glob("conv_*.jsonl"))}
    if not found:
        raise benchkit.BenchError(f"no conv_*.jsonl in {folder}")
    return found


def add_turn(index, turn, dialogue):
    day = (datetime.datetime.strptime(turn["date"], DATE_FORM) - datetime.datetime(1970, 1, 1)).days
    session = int(turn["id"].partition(":")[0].lstrip("D"))
    index.tell("add", day, dialogue * 1000 + session, turn["speaker"], turn["text"])


def cost(turn):
    return 1.3 * len(f"{turn['speaker']}: {turn['text']}".split())


def score(hits, costs, evidence):
    """Shares of the evidence, by key."""
    shares = {f"r{cut}": len(evidence.intersection(hits[:cut])) / len(evidence) for cut in CUTS}
    for budget in BUDGETS:
        used, taken = 0, set()
        for hit in hits:
            used += costs[hit]
            if used > budget:
                break
            taken.add(hit)
        shares[f"t{budget}"] = len(evidence & taken) / len(evidence)
    return shares


def embed(url, texts):
    """-> a vector for each text, as the text of its numbers"""
    vectors = []
    for begin in range(0, len(texts), BATCH):
        part = texts[begin:begin + BATCH]
        while True:
            request = urllib.request.Request(url + "/v1/embeddings", json.dumps({"input": part}).encode(),
                                             {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request) as reply:
                    data = json.load(reply)["data"]
                break
            except urllib.error.HTTPError as error:
                longest = max(map(len, part))
                if longest < 64:
                    raise benchkit.BenchError(error.read().decode()) from None
                part = [text[:longest * 3 // 4] for text in part]  # too long for the model
        vectors += [" ".join(f"{number:.5g}" for number in entry["embedding"]) for entry in data]
    return vectors


def ask(index, question, vector, costs, evidence):
    """Percentages of the evidence, and tokens, by key. `vector`: of the question, or empty."""
    shares = score(index.ask("ask", question, *vector)["hits"], costs, evidence)
    selected = index.ask("select", ROOM, question, *vector)
    shares["selected"] = len(evidence.intersection(selected["passages"])) / len(evidence)
    return {**{key: 100 * share for key, share in shares.items()}, "tokens": selected["tokens"]}


def ask_dialogues(index, dialogues, questions, embeddings=None):
    """-> per category, the figures of every question."""
    shares = collections.defaultdict(list)
    for number, turns in dialogues.items():
        index.tell("new")
        vectors = embed(embeddings, [turn["text"] or "-" for turn in turns]) if embeddings else []
        for place, turn in enumerate(turns):
            add_turn(index, turn, number)
            if embeddings:
                index.tell("vector", vectors[place])
        places = {turn["id"]: place for place, turn in enumerate(turns)}
        costs = [cost(turn) for turn in turns]
        for question in questions:
            evidence = {places[name] for name in question["evidence"] if name in places}
            if question["conv"] != number or question["category"] == UNANSWERABLE or not evidence:
                continue
            vector = embed(embeddings, [question["question"]]) if embeddings else []
            result = ask(index, question["question"], vector, costs, evidence)
            for category in (question["category"], "all"):
                shares[category].append(result)
    return shares


class Prose:
    """Made-up prose from the program itself."""

    def __init__(self, tokens):
        self.tokens = tokens

    def fill(self, index, share):
        filled = index.ask("fill", self.tokens * share)
        return filled["tokens"], filled["seconds"]


class Manuals:
    """What others have written about other things."""

    def __init__(self, tokens):
        self.tokens = tokens
        self._pages = [text.split() for _, text in manuals.pages()]
        self._session = 10**6

    def fill(self, index, share):
        tokens, begun = 0, time.perf_counter()
        for words in itertools.cycle(self._pages):
            self._session += 1
            for at in range(0, len(words), PASSAGE_WORDS):
                text = " ".join(words[at:at + PASSAGE_WORDS])
                index.tell("add", 0, self._session, "", text)
                tokens += 1.3 * len(words[at:at + PASSAGE_WORDS])
            if tokens >= self.tokens * share:
                return tokens, time.perf_counter() - begun


class SameTopics:
    """Chat in words that follow each other in the dialogues, where nobody asks for them."""

    def __init__(self, tokens, dialogues, questions):
        self.tokens, self._chance = tokens, random.Random(1)
        evidence = {(question["conv"], name) for question in questions for name in question["evidence"]}
        self._next, self._speakers, self._dates = collections.defaultdict(list), set(), set()
        for number, turns in dialogues.items():
            for turn in turns:
                self._speakers.add(turn["speaker"])
                self._dates.add(turn["date"])
                if (number, turn["id"]) not in evidence:
                    words = ["", "", *turn["text"].split(), None]
                    for one, two, three in zip(words, words[1:], words[2:]):
                        self._next[one, two].append(three)
        self._speakers, self._dates = sorted(self._speakers), sorted(self._dates)

    def _text(self):
        words = ["", ""]
        while (word := self._chance.choice(self._next[words[-2], words[-1]])) is not None and len(words) < 120:
            words.append(word)
        return " ".join(words[2:])

    def fill(self, index, share):
        tokens, begun = 0, time.perf_counter()
        while tokens < self.tokens * share:
            turn = {"id": f"D{self._chance.randrange(900, 10**6)}:1", "speaker": self._chance.choice(self._speakers),
                    "date": self._chance.choice(self._dates), "text": self._text()}
            add_turn(index, turn, 0)
            tokens += cost(turn)
        return tokens, time.perf_counter() - begun


def measure_haystack(index, dialogues, questions, filler):
    """All dialogues amid the filler -> its figures"""
    index.tell("new")
    tokens, seconds = filler.fill(index, 0.5)
    first = index.ask("size")["passages"]
    own = [(number, turn) for number, turns in dialogues.items() for turn in turns]
    for number, turn in own:
        add_turn(index, turn, number)
    behind = filler.fill(index, 0.5)
    made_up, seconds = tokens + behind[0], seconds + behind[1]
    size = index.ask("size")
    filling = made_up / (size["passages"] - len(own))
    costs = collections.defaultdict(lambda: filling, {first + i: cost(turn) for i, (_, turn) in enumerate(own)})
    places = {(number, turn["id"]): first + i for i, (number, turn) in enumerate(own)}
    shares, times = [], []
    for question in questions:
        reply = index.ask("ask", question["question"])
        times.append(reply["us"] / 1000)
        evidence = {places[name] for name in ((question["conv"], e) for e in question["evidence"]) if name in places}
        if evidence and question["category"] != UNANSWERABLE:
            shares.append(100 * score(reply["hits"], costs, evidence)["t1024"])
    total = made_up + sum(cost(turn) for _, turn in own)
    return {"tokens": round(total), "passages": size["passages"], "t1024": sum(shares) / len(shares),
            "build_tokens_per_s": made_up / seconds, "bytes_per_token": size["bytes"] / total,
            "query_p50_ms": benchkit.percentile(times, 0.5), "query_p99_ms": benchkit.percentile(times, 0.99)}


def find_misses(quality, haystacks):
    misses = [f"{key}={quality[key]:.1f} (target >= {least})"
              for key, least in TARGETS.items() if quality[key] < least]
    for name, figures in haystacks.items():
        for key, (side, bound) in HAYSTACK_TARGETS[name].items():
            if figures[key] < bound if side == "least" else figures[key] > bound:
                misses.append(f"{name}: {key}={figures[key]:.2f} (target {'>=' if side == 'least' else '<='} {bound})")
    return misses


def show_haystacks(haystacks):
    keys = ["t1024", *HAYSTACK_TARGETS["prose"]]
    rows = []
    for name, figures in haystacks.items():
        benchkit.emit(bench="recall", arm=name, **figures)
        rows.append([name, *(figures[key] for key in keys)])
        rows.append(["target", *(HAYSTACK_TARGETS[name].get(key, ("", ""))[1] for key in keys)])
    benchkit.table(["", *keys], rows)


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--haystack", metavar="TOKENS", type=float, default=10e6,
                        help="size of the large index, 0 for none")
    parser.add_argument("--full", action="store_true", help="more haystacks; installs documentation packages")
    parser.add_argument("--embeddings", metavar="URL", help="http://host:port of a server for vectors")
    arguments = parser.parse_args()
    dialogues = read_dialogues(arguments.folder)
    questions = read_lines(arguments.folder / "questions.jsonl")
    with Index() as index:
        shares = ask_dialogues(index, dialogues, questions)
        if arguments.embeddings:
            fused = ask_dialogues(index, dialogues, questions, arguments.embeddings)
            shares |= {f"fused {category}": results for category, results in fused.items()}
        fillers = {"prose": Prose(arguments.haystack)} if arguments.haystack else {}
        if arguments.full:
            fillers["prose x10"] = Prose(10 * arguments.haystack)
            fillers["manuals"], fillers["manuals x10"] = Manuals(FULL_TOKENS), Manuals(10 * FULL_TOKENS)
            fillers["same topics"] = SameTopics(FULL_TOKENS, dialogues, questions)
        haystacks = {name: measure_haystack(index, dialogues, questions, filler)
                     for name, filler in fillers.items()}
    rows = {category: {key: sum(one[key] for one in results) / len(results) for key in KEYS}
            for category, results in sorted(shares.items(), key=lambda item: str(item[0]))}
    for category, row in rows.items():
        benchkit.emit(bench="recall", category=category, questions=len(shares[category]), **row)
    benchkit.table(["category", "questions", *KEYS],
                   [[category, len(shares[category]), *row.values()] for category, row in rows.items()]
                   + [["target", "", *TARGETS.values(), "", ""]])
    if haystacks:
        show_haystacks(haystacks)
    return benchkit.verdict(find_misses(rows["all"], haystacks))


if __name__ == "__main__":
    benchkit.main(run)
