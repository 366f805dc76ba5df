"""The proxy is killed while clients talk, leave and talk nonsense, and is started again: each answer that a client has seen whole is on
record. A case is a kill."""
import contextlib
import http.client
import json
import pathlib
import random
import struct
import socket
import sys
import tempfile
import threading
import time

import attack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import scripted  # noqa: E402

TALKS, CLIENTS = 12, 4
LONGEST = 150  # turns; then the conversation is begun anew
BUSY_S = (0.05, 0.6)  # between a start and the kill
WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()


class Talk:
    def __init__(self, name):
        self.name, self.messages = name, []  # of all answered turns
        self.lock = threading.Lock()


class Chaos:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.upstream = scripted.Scripted(self.answer).start()
        self.talks = [Talk(f"talk-{i}") for i in range(TALKS)]
        self.turns, self.lost, self.faults = 0, 0, []

    @staticmethod
    def answer(body):
        chance = random.Random(str(body["messages"][-1]["content"]))
        return " ".join(chance.choices(WORDS, k=chance.choice((3, 30, 300)))).capitalize() + "."

    def client(self, keep, chance):
        """Until the proxy is gone."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while True:
                kind = chance.random()
                if kind < 0.1:
                    self.leave(keep, chance)
                elif kind < 0.15:
                    keep.request("POST", "/v1/chat/completions", chance.randbytes(chance.choice((1, 100, 10000))))
                else:
                    self.say(keep, chance.choice(self.talks), chance)

    def say(self, keep, talk, chance):
        with talk.lock:
            text = f"Turn {len(talk.messages)} of {talk.name}: {' '.join(chance.choices(WORDS, k=chance.choice((5, 40, 300))))}"
            said = [*talk.messages, {"role": "user", "content": text}]
            stream = chance.random() < 0.5
            status, headers, body = keep.request("POST", "/v1/chat/completions", {"messages": said, "stream": stream},
                                                 {"X-Conversation-Id": talk.name})
            if status != 200 or "X-Keep-Record" in headers or ": x-keep-record" in body:
                self.faults.append(f"{talk.name}: status {status}, record {headers.get('X-Keep-Record')}: {body[-200:]}")
            elif not stream:
                talk.messages = [*said, json.loads(body)["choices"][0]["message"]]
            elif body.endswith("data: [DONE]\n\n"):
                events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
                content = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
                talk.messages = [*said, {"role": "assistant", "content": content}]
            else:
                return  # cut: nobody knows
            self.turns += 1

    @staticmethod
    def leave(keep, chance):
        """Asks in a conversation of its own, and does not wait for all of it."""
        body = json.dumps({"messages": [{"role": "user", "content": f"x{chance.random()}"}], "stream": True}).encode()
        with keep.connect() as s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: keep\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if chance.random() < 0.5:
                s.recv(chance.randrange(1, 500))

    def check(self, keep):
        for talk in self.talks:
            record = keep.read_record(talk.name)
            there = {(m["role"], m["content"]) for m in record or ()}
            lost = [m for m in talk.messages if (m["role"], m["content"]) not in there]
            if lost:
                self.lost += len(lost)
                self.faults.append(f"{talk.name}: {len(lost)} of {len(talk.messages)} messages lost, the first {str(lost[0])[:100]}")

    def life(self, state, number):
        keep = attack.Keep(state, self.upstream.port, "--window.tokens", "1000", "--log.level", "error")
        try:
            self.check(keep)
            clients = [threading.Thread(target=self.client, args=(keep, random.Random(self.chance.random()))) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(self.chance.uniform(*BUSY_S))
            self.faults += keep.check_health()
        finally:
            keep.kill()
        for client in clients:
            client.join()
        self.talks = [talk if len(talk.messages) < 2 * LONGEST else Talk(f"{talk.name}-{number}") for talk in self.talks]
        return keep


def main():
    options = attack.read_options(__doc__, 15)
    chaos = Chaos(options.seed)
    tried, keep = 0, None
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        while tried < options.cases and not chaos.faults:
            tried += 1
            keep = chaos.life(f"{folder}/state", tried)
        keep = attack.Keep(f"{folder}/state", chaos.upstream.port)
        chaos.check(keep)
        chaos.faults += keep.check_stop()
    chaos.upstream.stop()
    return attack.finish("chaos", options, tried, chaos.faults, keep, f", {chaos.turns} turns acknowledged, {chaos.lost} messages lost")


if __name__ == "__main__":
    sys.exit(main())
