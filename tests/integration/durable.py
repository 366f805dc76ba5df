"""The proxy is killed while it writes, again and again: what a client has seen whole is never lost.

After each restart a client resends its last answered turn. When all of it is on record, nothing is
added; a message that was lost would be added once more, and all that followed it with it. In the end
every message is read back and compared."""
import contextlib
import http.client
import os
import random
import signal
import threading
import time

from harness import wire
from harness.stack import ScriptedCase, assistant, text_of, user

KILLS = 200 if os.environ.get("INTEGRATION_FULL") else 20
TALKS, CLIENTS = 12, 4
LONGEST = 400  # turns; then the conversation is begun anew
KEEP_BUSY_S = (0.02, 0.3)  # between a start and the kill
WORDS = "amber basalt cedar delta ember fjord grove heath islet jetty knoll ledge marsh notch orchard".split()


def code_of(talk, turn):
    return f"{talk.replace('-', '')}x{turn:04d}"


def statement(talk, turn):
    chance = random.Random(f"{talk} {turn}")
    filler = " ".join(chance.choices(WORDS, k=chance.choice((5, 40, 300))))
    return f"Box {turn} holds {code_of(talk, turn)}. {filler}."


class Talk:
    def __init__(self, name):
        self.name = name
        self.messages = []  # of answered turns
        self.lock = threading.Lock()

    @property
    def turns(self):
        return len(self.messages) // 2


class Durable(ScriptedCase):
    FAILURES = ".*"  # a request whose client is gone fails
    KEEP_FLAGS = ("--window.tokens", "1000")

    @staticmethod
    def answer(body):
        """The same for the same question: a turn that is asked again is not another one."""
        chance = random.Random(body["messages"][-1]["content"])
        return " ".join(chance.choices(WORDS, k=chance.choice((3, 30, 300)))).capitalize() + "."

    def ask(self, talk, messages, stream=False):
        body = {"messages": messages, "stream": stream}
        headers = {"X-Conversation-Id": talk.name}
        if not stream:
            return text_of(wire.post(self.keep.port, "/v1/chat/completions", body, headers))
        with wire.Stream(self.keep.port, "/v1/chat/completions", body, headers) as answer:
            text, ended = "", False
            for event in answer:
                for choice in event.get("choices", []):
                    text += choice["delta"].get("content") or ""
                    ended = ended or choice["finish_reason"] is not None
            return text if ended else None

    def keep_talking(self, chance):
        """A client, until the proxy is gone."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while True:
                talk = chance.choice(self.talks)
                with talk.lock:
                    said = user(statement(talk.name, talk.turns))
                    text = self.ask(talk, [*talk.messages, said], stream=chance.random() < 0.5)
                    if text is None:
                        return
                    talk.messages += [said, assistant(text)]

    def stored(self, talk):
        reply = wire.get(self.keep.port, f"/v1/sessions/{talk.name}")
        return reply.json["message_count"] if reply.status == 200 else 0

    def check(self, talk):
        """Everything that was answered is on record, as it was said."""
        before = self.stored(talk)
        self.assertGreaterEqual(before, len(talk.messages), talk.name)
        if talk.messages:
            self.ask(talk, talk.messages[:-1])
            self.assertEqual(self.stored(talk), before, f"{talk.name}: a message was not on record")

    def read(self, talk):
        """-> every message on record, in the order it was said"""
        messages, start = [], 0
        while start is not None:
            page = wire.get(self.keep.port, f"/v1/conversations/{talk.name}?from={start}&limit=1000").json
            messages += [entry["message"] for entry in page["messages"]]
            start = page["next"]
        return messages

    def test_killed_while_writing(self):
        self.talks = [Talk(f"talk-{i}") for i in range(TALKS)]
        chance, done = random.Random(11), []
        for kill in range(KILLS):
            clients = [threading.Thread(target=self.keep_talking, args=(random.Random(f"{kill} {i}"),))
                       for i in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(chance.uniform(*KEEP_BUSY_S))
            self.keep.stop(signal.SIGKILL)
            for client in clients:
                client.join()
            self.keep.start()
            for talk in self.talks:
                self.check(talk)
                if talk.turns > LONGEST:
                    done.append(talk)
                    self.talks[self.talks.index(talk)] = Talk(f"{talk.name}-{kill}")
        for talk in done + self.talks:
            self.assertEqual(self.read(talk)[:len(talk.messages)], talk.messages, talk.name)
        turns = sum(talk.turns for talk in done + self.talks)
        print(f"    {KILLS} kills, {turns} answered turns on record", flush=True)
        self.assertGreater(turns, KILLS)
