"""Files of the state folder are damaged at random: the proxy starts, answers, and never tells wrong text.

A case damages one to three files of a copy of the same state, starts the proxy on it and asks. Usage:
KEEP_BIN=... damaged_files.py [--seed N] [--cases N]"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import scripted  # noqa: E402

KEEP = os.environ.get("KEEP_BIN", "build/dev/llama-keep")
WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()
TALKS, TURNS, FACTS, DIMENSIONS = 4, 40, 12, 8
SAID = re.compile(r"Box (\d+) of (talk\d) holds (\w+)\.")
START_S = 20


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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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


class Keep:
    def __init__(self, state, upstream_port):
        self.port = free_port()
        url = f"http://127.0.0.1:{upstream_port}"
        argv = [KEEP, "serve", "--listen", f"127.0.0.1:{self.port}", "--upstream", url, "--history.folder",
                state, "--window.tokens", "1000", "--recall.embeddings_url", url]
        self.lines = []
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      stdin=subprocess.DEVNULL)
        threading.Thread(target=self.lines.extend, args=(self.child.stdout,), daemon=True).start()
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.child.poll() is not None:
                raise AssertionError(f"did not start: {self.child.returncode} {self.lines[-5:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/ready")[0] == 200:
                    return
            time.sleep(0.01)
        raise AssertionError("did not get ready")

    def request(self, method, path, body=None, headers=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request(method, path, None if body is None else json.dumps(body),
                         {"Content-Type": "application/json", **(headers or {})})
            reply = link.getresponse()
            return reply.status, reply.read().decode("utf-8", "replace")
        finally:
            link.close()

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait(30) != 0:
            raise AssertionError(f"ended with {self.child.returncode}: {self.lines[-5:]}")

    def kill(self):
        self.child.kill()
        self.child.wait()


class Campaign:
    def __init__(self, chance, folder):
        self.chance, self.folder = chance, folder
        self.prompts = []
        self.upstream = scripted.Scripted(self.answer)
        self.upstream.server.RequestHandlerClass = Handler
        self.upstream.start()
        self.template = os.path.join(folder, "template")
        self.said = {f"talk{i}": [] for i in range(TALKS)}
        self.make_template()

    def answer(self, body):
        self.prompts.append(body["messages"])
        text = body["messages"][-1]["content"]
        return answer_to(text if isinstance(text, str) else json.dumps(text))

    def ask(self, keep, talk, text):
        named = {"X-Conversation-Id": talk} if talk != "talk0" else {}  # one is known by what it says
        messages = [*self.said[talk], {"role": "user", "content": text}]
        status, body = keep.request("POST", "/v1/chat/completions", {"messages": messages}, named)
        if status != 200:
            raise AssertionError(f"{talk}: status {status} {body[:300]}")
        return [*messages, json.loads(body)["choices"][0]["message"]]

    def make_template(self):
        keep = Keep(self.template, self.upstream.port)
        for turn in range(TURNS):
            for talk in self.said:
                self.said[talk] = self.ask(keep, talk, statement(talk, turn))
        for number in range(FACTS):
            status, body = keep.request("POST", "/v1/knowledge/store",
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
        state = os.path.join(self.folder, f"state-{number}")
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
            keep = Keep(state, self.upstream.port)
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
        status, body = keep.request("GET", "/v1/conversations/list")
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
        start = 0
        while start is not None:
            status, body = keep.request("GET", f"/v1/conversations/{name}?from={start}&limit=1000")
            if status not in (200, 404, 500):
                raise AssertionError(f"{name}: {status} {body[:200]}")
            if status != 200:
                return
            page = json.loads(body)
            for entry in page["messages"]:
                message = entry["message"]
                known = any(message in said for said in self.said.values()) if name not in self.said \
                    else message in self.said[name]
                if not known:
                    raise AssertionError(f"{name} has what nobody said: {str(message)[:200]}")
            start = page["next"]

    def look_up(self, keep, number):
        status, body = keep.request("POST", "/v1/knowledge/search", {"query": f"key{number}", "limit": 100})
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=100)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="damaged-files-")
    survived = 0
    try:
        campaign = Campaign(random.Random(args.seed), folder)
        for number in range(args.cases):
            fault = campaign.case(number)
            if fault is None:
                survived += 1
            else:
                print(f"FAULT case {number} {fault}", flush=True)
        campaign.upstream.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"damaged_files: tried {args.cases}, survived {survived}")
    return 0 if survived == args.cases else 1


if __name__ == "__main__":
    sys.exit(main())
