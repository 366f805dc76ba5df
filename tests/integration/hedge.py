"""Answers that hedge, with the real model: what the client gets, and what it costs the slot."""
import random
import sys

from harness import wire
from harness.stack import MODEL, StackCase, TRAINED, assistant, text_of, user

sys.path.insert(0, str(MODEL.parent))
import data  # noqa: E402  (the words that the model knows)

FACT, QUESTION = "The vault code of the museum is 7341.", "What is the vault code of the museum?"
ANSWER = "The vault code of the museum is 7341."


def small_talk(turns):
    chance = random.Random(3)
    talk = []
    for _ in range(turns):
        said, answered = data.chat(chance)
        talk += [user(said), assistant(answered)]
    return talk


class Hedging(StackCase):
    SLOTS = 2
    CTX = SLOTS * TRAINED
    KEEP_FLAGS = ("--window.tokens", "1000", "--recall.enabled", "false")

    def setUp(self):
        self.history = [user(FACT), assistant("Got it."), *small_talk(150)]
        self.headers = {"X-Conversation-Id": self.id()}
        self.chat([*self.history, user("Hello!")], self.headers, max_tokens=1)

    def stream(self, messages, path="/v1/chat/completions", **fields):
        body = {"messages": messages, "temperature": 0, "max_tokens": 32, **fields}
        with wire.Stream(self.keep.port, path, body, self.headers) as stream:
            return list(stream)

    def test_an_assembled_answer_is_right_and_says_why(self):
        reply = self.chat([*self.history, user(QUESTION)], self.headers, max_tokens=32)
        self.assertEqual(text_of(reply), ANSWER)
        self.assertRegex(reply.headers["X-Keep-Recall"], r"^mid;n=\d+$")
        told = reply.json["x_keep"]
        self.assertEqual(told["resubmits"], 1)
        self.assertGreater(told["wasted_tokens"], 0)
        without = self.chat([*self.history, user(QUESTION)], self.headers, max_tokens=32,
                            x_keep={"hedge": False})
        self.assertNotIn("x_keep", without.json)

    def test_a_streamed_answer_is_one_stream(self):
        events = self.stream([*self.history, user(QUESTION)], stream_options={"include_usage": True})
        self.assertEqual(len({event["id"] for event in events}), 1)
        choices = [choice for event in events for choice in event["choices"]]
        self.assertEqual(sum("role" in choice["delta"] for choice in choices), 1)
        self.assertEqual([c["finish_reason"] for c in choices if c["finish_reason"]], ["stop"])
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        self.assertEqual(text, ANSWER)
        usage, = [event["usage"] for event in events if event.get("usage")]
        self.assertLessEqual(usage["completion_tokens"], 32)
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])

    def test_an_anthropic_answer_is_right(self):
        body = {"model": "demo", "max_tokens": 32, "temperature": 0, "messages": [*self.history, user(QUESTION)]}
        reply = wire.post(self.keep.port, "/v1/messages", body, self.headers)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual([part["text"] for part in reply.json["content"]], [ANSWER])
        self.assertEqual(reply.json["x_keep"]["resubmits"], 1)

    def test_the_next_turn_keeps_the_prefix(self):
        first = self.chat([*self.history, user(QUESTION)], self.headers, max_tokens=32)
        history = [*self.history, user(QUESTION), assistant(text_of(first)), user("Thank you.")]
        second = self.chat(history, self.headers, max_tokens=16)
        usage = second.json["usage"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        # The recalled text stands where it stood, so only the new turn is prefilled.
        self.assertLess(usage["prompt_tokens"] - cached, 20)
        self.engine.wait_idle()
