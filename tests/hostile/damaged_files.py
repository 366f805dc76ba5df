"""Files of the state folder are damaged at random: the proxy starts, answers, and never tells wrong text.

A case damages one to three files of a copy of the same state, starts the proxy on it and asks. Usage:
KEEP_BIN=... damaged_files.py [--seed N] [--cases N]"""
import http.client
import json
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import attack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import scripted  # noqa: E402

WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()
TALKS, SMALL, TURNS, FACTS, DIMENSIONS = 4, 20, 40, 12, 8
SAID = re.compile(r"Box (\d+) of ((?:talk|small)\d+) holds (\w+)\.")


def code_of(talk, turn):
    return f"{talk}x{turn:04d}{random.Random(f'{talk} {turn}').randrange(1 << 24):06x}"


def statement(talk, turn):
    chance = random.Random(f"words {talk} {turn}")
    filler = " ".join(chance.choices(WORDS, k=chance.choice((5, 40, 300))))
    return f"Box {turn} of {talk} holds {code_of(talk, turn)}. {filler}."


def value_of(number):
    return f"fact {number} is {random.Random(number).randrange(1 << 40):010x}"


def answer_to(text):
    chance = random.Random(text)
    return " ".join(chance.choices(WORDS, k=chance.choice((3, 30)))).capitalize() + "."


class Handler(scripted.Handler):
    """Embeddings as well, and what was asked is remembered."""

    def do_POST(self):
        if self.path != "/v1/embeddings":
            return super().do_POST()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = []
        for index, text in enumerate(texts):
            chance = random.Random(str(text))
            data.append({"index": index, "embedding": [chance.uniform(-1, 1) for _ in range(DIMENSIONS)]})
        return self.send({"model": "scripted", "data": data})


class Campaign:
    def __init__(self, chance, folder):
        self.chance, self.folder = chance, folder
        self.prompts = []
        self.upstream = scripted.Scripted(self.answer)
        self.upstream.server.RequestHandlerClass = Handler
        self.upstream.start()
        self.template = f"{folder}/template"
        self.said = {f"talk{i}": [] for i in range(TALKS)}
        self.said |= {f"small{i}": [] for i in range(SMALL)}  # they share a file
        self.make_template()

    def start(self, state):
        url = f"http://127.0.0.1:{self.upstream.port}"
        return attack.Keep(state, self.upstream.port, "--window.tokens", "1000", "--recall.embeddings_url", url)

    def answer(self, body):
        self.prompts.append(body["messages"])
        text = body["messages"][-1]["content"]
        return answer_to(text if isinstance(text, str) else json.dumps(text))

    def ask(self, keep, talk, text):
        named = {"X-Conversation-Id": talk} if talk != "talk0" else {}  # one is known by what it says
        messages = [*self.said[talk], {"role": "user", "content": text}]
        status, _, body = keep.request("POST", "/v1/chat/completions", {"messages": messages}, named)
        if status != 200:
            raise AssertionError(f"{talk}: status {status} {body[:300]}")
        return [*messages, json.loads(body)["choices"][0]["message"]]

    def make_template(self):
        keep = self.start(self.template)
        for turn in range(TURNS):
            for talk in self.said:
                if turn == 0 or not talk.startswith("small"):
                    self.said[talk] = self.ask(keep, talk, statement(talk, turn))
        for number in range(FACTS):
            status, _, body = keep.request("POST", "/v1/knowledge/store",
                                        {"topic": "t", "key": f"key{number}", "value": value_of(number)})
            if status != 200:
                raise AssertionError(body)
        for talk in self.said:
            self.said[talk] = self.ask(keep, talk, f"What does Box 3 of {talk} hold?")
        time.sleep(1)  # vectors are made in the background
        keep.stop()

    def damage(self, path):
        data = bytearray(path.read_bytes())
        kind = self.chance.randrange(6)
        if kind == 0 or not data:
            data = bytearray(self.chance.randbytes(self.chance.choice((0, 1, 100, 5000))))
        elif kind == 1:
            del data[self.chance.randrange(len(data)):]
        elif kind == 2:
            begin = self.chance.randrange(len(data))
            end = min(len(data), begin + self.chance.choice((16, 512, 4096)))
            data[begin:end] = bytes(end - begin)
        elif kind == 3:
            data += self.chance.randbytes(self.chance.choice((1, 50, 5000)))
        else:
            for _ in range(self.chance.choice((1, 1, 2, 8))):
                at = self.chance.randrange(len(data))
                data[at] ^= 1 << self.chance.randrange(8)
        path.write_bytes(data)
        return f"{path.name[-20:]}:{('random', 'cut', 'zeros', 'longer', 'flip', 'flip')[kind]}"

    def case(self, number):
        state = f"{self.folder}/state-{number}"
        shutil.copytree(self.template, state)
        files = sorted(p for p in pathlib.Path(state).rglob("*") if p.is_file())
        kinds = sorted({p.suffix for p in files})
        done = []
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            kind = self.chance.choice(kinds)
            done.append(self.damage(self.chance.choice([p for p in files if p.suffix == kind])))
        self.prompts.clear()
        keep = None
        try:
            keep = self.start(state)
            self.look(keep)
            keep.stop()
            return None
        except (AssertionError, OSError, http.client.HTTPException, ValueError, KeyError) as error:
            return f"{done}: {type(error).__name__}: {error}"
        finally:
            if keep is not None:
                keep.kill()
            shutil.rmtree(state, ignore_errors=True)

    def look(self, keep):
        status, _, body = keep.request("GET", "/v1/conversations/list")
        if status != 200:
            raise AssertionError(f"list: {status}")
        for conversation in json.loads(body)["conversations"]:
            self.look_at(keep, conversation["conversation_id"])
        for number in range(FACTS):
            self.look_up(keep, number)
        for talk in self.said:
            self.ask(keep, talk, f"What does Box 2 of {talk} hold, and key1?")
        for prompt in self.prompts:
            self.look_through(json.dumps(prompt))
        if keep.request("GET", "/health")[0] != 200:
            raise AssertionError("health")

    def look_at(self, keep, name):
        """What is on record was said, in that conversation."""
        said = [self.said[name]] if name in self.said else self.said.values()
        for message in keep.read_record(name) or ():
            if not any(message in one for one in said):
                raise AssertionError(f"{name} has what nobody said: {str(message)[:200]}")

    def look_up(self, keep, number):
        status, _, body = keep.request("POST", "/v1/knowledge/search", {"query": f"key{number}", "limit": 100})
        if status not in (200, 500):
            raise AssertionError(f"facts: {status}")
        if status != 200:
            return
        for one in json.loads(body)["results"]:
            if one.get("damaged"):
                continue
            if one["value"] != value_of(int(one["key"][3:])):
                raise AssertionError(f"a wrong fact: {one}")

    def look_through(self, prompt):
        for turn, talk, code in SAID.findall(prompt):
            if code != code_of(talk, int(turn)):
                raise AssertionError(f"a wrong text in a prompt: Box {turn} of {talk} holds {code}")
        for number, value in re.findall(r"fact (\d+) is (\w+)", prompt):
            if value_of(int(number)) != f"fact {number} is {value}":
                raise AssertionError(f"a wrong fact in a prompt: {number} {value}")


def main():
    options = attack.read_options(__doc__, 25)
    folder = tempfile.mkdtemp(prefix="damaged-files-")
    survived = 0
    try:
        campaign = Campaign(random.Random(options.seed), folder)
        for number in range(options.cases):
            fault = campaign.case(number)
            if fault is None:
                survived += 1
            else:
                print(f"FAULT case {number} {fault}", flush=True)
        campaign.upstream.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"damaged_files: tried {options.cases}, survived {survived}")
    return 0 if survived == options.cases else 1


if __name__ == "__main__":
    sys.exit(main())
