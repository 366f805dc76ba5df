"""A second llama-server that makes vectors: facts come back, vectors outlast a restart, and nobody
notices when that server dies."""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys

from harness import wire
from harness.stack import MODEL, Engine, StackCase, TRAINED, assistant, free_port, text_of, user, wait_for

sys.path.insert(0, str(MODEL.parent))
import data  # noqa: E402  (the words that the model knows)

FACTS, TURNS = 4, 70
CODES = ("vault code", "door code", "alarm code", "access pin")


def fact(number):
    return f"the {CODES[number]} of the {data.NOUNS[number]}", str(1000 + 37 * number)


class Vectors(StackCase):
    SLOTS = 1
    CTX = TRAINED
    HEADERS = {"X-Conversation-Id": "talk"}

    @classmethod
    def make_engine(cls):
        cls.server = Engine(2, 2 * TRAINED, "--embeddings", "--pooling", "mean")
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()
        cls.KEEP_FLAGS = ("--window.tokens", "500",
                          "--recall.embeddings_url", f"http://127.0.0.1:{cls.server.port}")
        return super().make_engine()

    def vectors(self):
        return wire.get(self.keep.port, "/health").json["recall"]["embeddings"]["vectors"]

    def files(self):
        return list((pathlib.Path(self.keep.state.name) / "vectors").rglob("*.vectors"))

    def say(self, text, tokens=8):
        self.messages.append(user(text))
        reply = self.chat(self.messages, self.HEADERS, max_tokens=tokens)
        self.messages.append(assistant(text_of(reply)))
        return reply

    def talk(self, chance, turns):
        for _ in range(turns):
            self.say(f"I spent the day with {data.word(chance)} and {data.word(chance)}.")

    def ask(self, number):
        """One at a time: so small a model takes what it has just answered for the answer to more."""
        what, value = fact(number)
        reply = self.say(f"What is {what}?", tokens=32)
        self.assertTrue(reply.headers["X-Keep-Recall"].startswith("pre;n="), reply.headers)
        self.assertIn(value, text_of(reply))

    def test_made_kept_and_not_missed(self):
        chance, self.messages = random.Random(5), []
        for number in range(FACTS):
            what, value = fact(number)
            self.say(f"Please remember: {what[0].upper()}{what[1:]} is {value}.")
        self.talk(chance, TURNS)
        wait_for(lambda: self.vectors() > TURNS, 30, "vectors of what is no longer sent")
        self.ask(0)
        wait_for(self.files, 30, "vectors on disk")
        self.assertEqual(self.keep.metric("llama_keep_embeddings_failures_total"), 0)

        before = self.vectors()
        self.keep.stop()
        self.keep.start()
        self.talk(chance, 1)
        self.assertGreaterEqual(self.vectors(), before)
        asked = self.keep.metric("llama_keep_embeddings_seconds_count")
        self.assertLess(asked, 5, "they were made anew")
        self.talk(chance, 20)
        self.ask(1)

        self.server.stop(signal.SIGKILL)
        self.talk(chance, 20)
        self.ask(3)
        self.assertGreater(self.keep.metric("llama_keep_embeddings_failures_total"), 0)
        self.assertEqual(self.keep.failed_exchanges(), [])

        wire.post(self.keep.port, "/v1/conversations/end", {"conversation_id": "talk"}, self.HEADERS)
        wait_for(lambda: not self.files(), 10, "its vectors deleted")
        self.assertEqual(self.vectors(), 0)


class Doctor(StackCase):
    def examine(self, port):
        done = subprocess.run([os.environ["KEEP_BIN"], "doctor", "--json", "--upstream",
                               f"http://127.0.0.1:{self.engine.port}", "--listen",
                               f"127.0.0.1:{free_port()}", "--recall.embeddings_url",
                               f"http://127.0.0.1:{port}"], capture_output=True, text=True, timeout=60)
        return next(check for check in json.loads(done.stdout)["checks"] if check["id"] == "embeddings")

    def started(self, *flags):
        server = Engine(1, TRAINED, *flags)
        self.addCleanup(server.stop)
        return server.start()

    def test_says_what_the_server_gives(self):
        check = self.examine(self.started("--embeddings", "--pooling", "mean").port)
        self.assertIn("vectors of 192 dimensions", check["message"])
        self.assertEqual(check["status"], "ok", check)

    def test_says_what_is_missing(self):
        check = self.examine(self.started("--embeddings").port)
        self.assertEqual(check["status"], "warn")
        self.assertIn("--pooling", check["fix"])
        check = self.examine(free_port())
        self.assertEqual(check["status"], "warn")
        self.assertIn("recall.embeddings_url", check["fix"])
