"""One conversation of a thousand turns through a window of a thousand tokens, and what it costs.

What has to be prefilled is what a turn adds and, when the clear zone moves, the whole kept zone."""
import dataclasses
import random
import re
import sys

from harness import wire
from harness.stack import MODEL, StackCase, TRAINED, assistant, text_of, user

sys.path.insert(0, str(MODEL.parent))
import data  # noqa: E402  (the words that the model knows)

TURNS, WINDOW = 1000, 1000
LIMIT = 1.5  # prefilled tokens against those that had to be
EVERY_FACT, EVERY_QUESTION = 10, 20
CODES = ("vault code", "door code", "alarm code", "access pin")
SMALL_TALK = ("I really like {}.", "My friend loves {}.", "I spent the day with {}.", "Is {} hard to learn?")
MESSAGE = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n", re.DOTALL)


@dataclasses.dataclass
class Costs:
    user: int = 0
    answer: int = 0     # was decoded, so it is in the slot already and costs nothing
    template: int = 0
    recalled: int = 0
    cut: int = 0        # kept when the zone moved
    cuts: int = 0
    prefilled: int = 0

    @property
    def due(self):
        return self.user + self.template + self.recalled + self.cut

    def __str__(self):
        return (f"prefilled {self.prefilled} = {self.prefilled / self.due:.2f} x (user {self.user} + template "
                f"{self.template} + recalled {self.recalled} + after {self.cuts} cuts {self.cut}); "
                f"answers {self.answer}")


def fact(number):
    return f"the {CODES[number % len(CODES)]} of the {data.NOUNS[number]}", str(1000 + 37 * number)


def next_text(turn, chance):
    if turn % EVERY_FACT == 0:
        what, value = fact(turn // EVERY_FACT)
        return f"Please remember: {what[0].upper()}{what[1:]} is {value}."
    if turn % EVERY_QUESTION == 3 and turn > EVERY_FACT:
        return f"What is {fact(chance.randrange(turn // EVERY_FACT))[0]}?"
    return chance.choice(SMALL_TALK).format(data.word(chance))


class Endless(StackCase):
    SLOTS = 1
    CTX = TRAINED
    KEEP_FLAGS = ("--window.tokens", str(WINDOW))

    def count(self, text):
        return len(wire.post(self.engine.port, "/tokenize", {"content": text}).json["tokens"])

    def account(self, before, prompt, timings):
        """Adds what this prompt had to cost, given the one before and its answer."""
        costs = self.costs
        costs.prefilled += timings["prompt_n"]
        total = timings["prompt_n"] + timings["cache_n"]
        self.assertLessEqual(total, WINDOW)
        said = [i for i, (role, _) in enumerate(prompt) if role == "assistant"]
        new = prompt[said[-1] + 1:] if said else prompt
        added = self.template * (len(new) + 1)
        costs.template += added
        for role, text in new:
            tokens = self.count(text)
            added += tokens
            costs.user += tokens if role == "user" else 0
            costs.recalled += tokens if role == "system" else 0
        if prompt[:len(before)] != before:
            self.assertNotEqual(prompt[0], before[0], "the prefix broke although the zone stayed")
            costs.cuts += 1
            costs.cut += total - added

    def test_a_thousand_turns(self):
        chance, messages, before = random.Random(3), [], []
        self.costs = Costs()
        # What the template puts around a message; the opening of the answer is one more.
        self.template = self.engine.count_tokens([user("Hello."), user("Hello.")]) - \
            self.engine.count_tokens([user("Hello.")]) - self.count("Hello.")
        for turn in range(TURNS):
            messages.append(user(next_text(turn, chance)))
            reply = self.chat(messages, {"X-Conversation-Id": "endless"}, max_tokens=8, verbose=True)
            timings, answer = reply.json["timings"], text_of(reply)
            prompt = MESSAGE.findall(reply.json["__verbose"]["prompt"])
            self.account(before, prompt, timings)
            before = [*prompt, ("assistant", answer)]
            messages.append(assistant(answer))
            self.costs.answer += timings["predicted_n"]
        print(f"    {TURNS} turns: {self.costs}", flush=True)
        self.assertGreater(self.costs.cuts, 0)
        self.assertLessEqual(self.costs.prefilled, LIMIT * self.costs.due, self.costs)
