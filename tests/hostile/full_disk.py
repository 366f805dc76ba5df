"""A disk that is full now and then: every answered turn is on record, or was told not to be.

The disk is a small tmpfs where that may be mounted; else files may not grow (RLIMIT_FSIZE). A case is one
turn or one fact. Usage: KEEP_BIN=... full_disk.py [--seed N] [--cases N]"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import attack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness.scripted import Scripted  # noqa: E402

DISK_BYTES = 1 << 20
WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()
TURNS_PER_LIFE = 60  # of one state folder
WRITE_S = 15


class Tmpfs:
    def __init__(self, path):
        self.path = path
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", path], check=True,
                       stderr=subprocess.DEVNULL)
        self.filler = pathlib.Path(path) / "filler"

    def fill(self, _pid):
        with contextlib.suppress(OSError), self.filler.open("ab") as out:
            while True:
                out.write(b"x" * 4096)
                out.flush()

    def free(self, _pid):
        self.filler.unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", self.path], check=True)


class GrowthLimit:
    def __init__(self, path):
        self.path = path

    def fill(self, pid):
        self.limit(pid, 1)

    def free(self, pid):
        self.limit(pid, resource.RLIM_INFINITY)

    @staticmethod
    def limit(pid, size):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def close(self):
        pass


def make_disk(path):
    try:
        return Tmpfs(path)
    except (OSError, subprocess.CalledProcessError):
        return GrowthLimit(path)


def read_stream(body, kept):
    """-> what it says about the record, the message"""
    text = ""
    for line in body.splitlines():
        if line.startswith(": x-keep-record "):
            kept = line.split()[-1]
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                text += choice["delta"].get("content") or ""
    return kept, {"role": "assistant", "content": text}


class Talk:
    def __init__(self, name):
        self.name = name
        self.messages = []  # of all answered turns
        self.kept = []      # of each: "disk", "memory" or "lost"


class Campaign:
    def __init__(self, chance):
        self.chance = chance
        self.upstream = Scripted(self.answer, n_ctx=1 << 20).start()
        self.tried, self.faults, self.told = 0, [], {"disk": 0, "memory": 0, "lost": 0, "refused": 0}

    @staticmethod
    def answer(body):
        chance = random.Random(body["messages"][-1]["content"])
        return " ".join(chance.choices(WORDS, k=chance.choice((3, 30, 300)))).capitalize() + "."

    def fault(self, text):
        self.faults.append(text)
        print(f"FAULT {text}", flush=True)

    def say(self, talk):
        number = len(talk.kept)
        size = self.chance.choice((5, 40, 300, 3000))
        text = f"Turn {number} of {talk.name}: {' '.join(self.chance.choices(WORDS, k=size))}"
        said = [*talk.messages, {"role": "user", "content": text}]
        stream = self.chance.random() < 0.5
        status, headers, body = self.keep.request(
            "POST", "/v1/chat/completions", {"messages": said, "stream": stream},
            {"X-Conversation-Id": talk.name})
        if status != 200:
            return self.fault(f"{talk.name}: status {status} {body[:200]}")
        kept = headers.get("X-Keep-Record", "disk")
        kept, answer = read_stream(body, kept) if stream else (kept, json.loads(body)["choices"][0]["message"])
        self.told[kept] += 1
        talk.messages = [*said, answer]
        talk.kept.append(kept)
        return None

    def store(self):
        key = f"k{len(self.facts)}"
        value = " ".join(self.chance.choices(WORDS, k=self.chance.choice((3, 300))))
        status, _, _ = self.keep.request("POST", "/v1/knowledge/store", {"topic": "t", "key": key, "value": value})
        if status == 200:
            self.facts[key] = value
        elif status == 500:
            self.told["refused"] += 1
        else:
            self.fault(f"a fact: status {status}")

    def record(self, talk):
        messages = self.keep.read_record(talk.name)
        if messages is None:
            raise AssertionError(f"{talk.name} cannot be read")
        return messages

    def health(self):
        return json.loads(self.keep.request("GET", "/health")[2])

    def check(self, when, *, memory_counts):
        """What was answered is on record; of what was told to be in memory only if `memory_counts`."""
        for talk in self.talks:
            record = self.record(talk)
            said = {(m["role"], m["content"]) for m in talk.messages}
            wrong = [m for m in record if (m["role"], m["content"]) not in said]
            if wrong:
                self.fault(f"{when}: {talk.name} has what nobody said: {str(wrong[0])[:200]}")
            there = {(m["role"], m["content"]) for m in record}
            for turn, kept in enumerate(talk.kept):
                if kept == "lost" or (kept == "memory" and not memory_counts):
                    continue
                pair = talk.messages[2 * turn:2 * turn + 2]
                missing = any((m["role"], m["content"]) not in there for m in pair)
                if missing and (talk.name, turn) not in self.missing:
                    self.missing.add((talk.name, turn))
                    self.fault(f"{when}: {talk.name} turn {turn}, told {kept}, is not on record")
        for key, value in self.facts.items():
            _, _, body = self.keep.request("POST", "/v1/knowledge/search", {"query": key, "limit": 100})
            found = {one["key"]: one["value"] for one in json.loads(body)["results"]}
            if found.get(key) != value:
                self.fault(f"{when}: fact {key} is not there")

    def forget_what_went(self):
        """What was in memory when the proxy ended may be gone: clients go on from what they have."""
        for talk in self.talks:
            there = {(m["role"], m["content"]) for m in self.record(talk)}
            for turn, kept in enumerate(talk.kept):
                pair = talk.messages[2 * turn:2 * turn + 2]
                whole = all((m["role"], m["content"]) in there for m in pair)
                if kept == "memory":
                    talk.kept[turn] = "disk" if whole else "lost"

    def life(self, folder, cases):
        disk = make_disk(folder)
        self.disk = type(disk).__name__
        state = os.path.join(folder, "state")
        self.talks = [Talk(f"talk-{i}") for i in range(4)]
        self.facts, self.missing, full, tried = {}, set(), False, 0
        self.keep = attack.Keep(state, self.upstream.port)
        try:
            while tried < min(cases, TURNS_PER_LIFE):
                step = self.chance.random()
                if step < 0.15:
                    full = not full
                    (disk.fill if full else disk.free)(self.keep.child.pid)
                elif step < 0.2:
                    self.check("while it runs", memory_counts=True)
                elif step < 0.25:
                    self.restart(disk, state, full)
                    full = False
                elif step < 0.35:
                    self.store()
                    tried += 1
                else:
                    self.say(self.chance.choice(self.talks))
                    tried += 1
            disk.free(self.keep.child.pid)
            self.keep.wait(self.all_written, WRITE_S, "written")
            self.check("at the end", memory_counts=True)
            self.keep.stop()
            self.keep = attack.Keep(state, self.upstream.port)
            self.check("after the end", memory_counts=True)
        finally:
            self.keep.kill()
            disk.close()
        return tried

    def all_written(self):
        return self.health()["history"].get("unwritten_bytes", 0) == 0

    def restart(self, disk, state, full):
        how = self.chance.choice((signal.SIGTERM, signal.SIGKILL))
        if full:
            status = self.health()
            waits = status["history"].get("unwritten_bytes", 0) > 0
            if waits and status["status"] != "degraded":
                self.fault(f"/health says {status['status']} while {status['history']}")
        self.keep.stop() if how == signal.SIGTERM else self.keep.kill()
        disk.free(os.getpid())
        self.keep = attack.Keep(state, self.upstream.port)
        self.check(f"after {how.name}", memory_counts=not full and how == signal.SIGTERM)
        self.forget_what_went()


def main():
    options = attack.read_options(__doc__, 120)
    campaign = Campaign(random.Random(options.seed))
    failed = 0
    while campaign.tried < options.cases:
        folder = tempfile.mkdtemp(prefix="full-disk-")
        before = len(campaign.faults)
        left = options.cases - campaign.tried
        try:
            tried = campaign.life(folder, left)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            campaign.fault(f"{type(error).__name__}: {error}")
            tried = min(left, TURNS_PER_LIFE)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        campaign.tried += tried
        failed += min(tried, len(campaign.faults) - before)
    campaign.upstream.stop()
    print(f"a full {campaign.disk}; told: {campaign.told}")
    print(f"full_disk: tried {campaign.tried}, survived {campaign.tried - failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
