"""The proxy ends in the middle of a conversation that has outgrown its window, and goes on where it was."""
import signal

from harness.stack import StackCase, TRAINED, assistant, text_of, user

FACT = "The vault code of the museum is 7341."
QUESTION = "What is the vault code of the museum?"
RECALLED = "[Recalled from turn 1, "


class Resumed(StackCase):
    SLOTS = 1
    CTX = TRAINED
    KEEP_FLAGS = ("--window.tokens", "1000")

    def turn(self, text):
        """-> the prompt that the model got; `missing`: tokens of the turn before that are not in its slot any more"""
        self.messages.append(user(text))
        reply = self.chat(self.messages, {"X-Conversation-Id": self.id()}, max_tokens=8, verbose=True)
        self.messages.append(assistant(text_of(reply)))
        timings = reply.json["timings"]
        self.missing = self.held - timings["cache_n"]
        self.held = timings["cache_n"] + timings["prompt_n"] + timings["predicted_n"]
        return reply.json["__verbose"]["prompt"]

    def outgrow(self):
        """Until the first turn is out of sight and was recalled."""
        self.messages, self.held = [], 0
        prompt = self.turn(FACT)
        number = 0
        while FACT in prompt:
            number += 1
            prompt = self.turn(f"I spent day {number} with gardening. What do you like about it?")
        prompt = self.turn(QUESTION)
        self.assertIn(RECALLED, prompt)

    def check_end(self, signum):
        self.outgrow()
        self.turn("I see. Thank you.")
        kept = self.missing  # the last token that was decoded
        self.assertLessEqual(kept, 1)
        for _ in range(2):
            self.keep.stop(signum)
            self.keep.start()
            prompt = self.turn("I really like music.")
            self.assertIn(RECALLED, prompt)
            self.assertEqual(self.missing, kept)
        self.assertIn("7341", self.turn(QUESTION))

    def test_goes_on_after_a_stop(self):
        self.check_end(signal.SIGTERM)

    def test_goes_on_after_a_kill(self):
        self.check_end(signal.SIGKILL)
