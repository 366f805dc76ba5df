"""Long conversations with facts at their beginning: what the needle benchmark talks about."""

import random
import sys

import benchkit

sys.path.insert(0, str(benchkit.REPO / "engine/demo-model"))
import data  # noqa: E402  (the model's own vocabulary: what it was not trained on says little about recall)

NEEDLE_DIGITS, DISTRACTOR_DIGITS = 4, 5  # a distractor's value is never a needle's by chance
NUMBERS = ("code", "pin", "number", "key", "password", "id", "combination")  # what digits are natural for
ATTRIBUTES = [name for name in data.ATTR if " " in name and name.split()[-1] in NUMBERS]


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


class Fact:
    def __init__(self, attribute, noun, value):
        self.attribute, self.noun, self.value = attribute, noun, value
        self.statement = f"The {attribute} of the {noun} is {value}."
        self.question = f"What is the {attribute} of the {noun}?"

    def turn(self):
        return [user(self.statement), assistant("Got it, t" + self.statement[1:])]


def make_needles(chance, count):
    """Facts of which no two share their words."""
    attributes, nouns = chance.sample(ATTRIBUTES, len(ATTRIBUTES)), chance.sample(data.NOUNS, count)
    values = chance.sample(range(10 ** (NEEDLE_DIGITS - 1), 10**NEEDLE_DIGITS), count)
    return [Fact(attributes[i % len(attributes)], noun, value)
            for i, (noun, value) in enumerate(zip(nouns, values))]


class Distractors:
    """Turns about other things: facts of the same kind, half of which share the attribute or the noun
    of a needle; small talk; prose."""

    def __init__(self, chance, needles):
        self._chance, self._needles = chance, needles
        self._taken = {(fact.attribute, fact.noun) for fact in needles}

    def turn(self):
        kind = self._chance.random()
        if kind < 0.35:
            return self._fact().turn()
        if kind < 0.8:
            said, answered = data.chat(self._chance)
            return [user(said), assistant(answered)]
        return [user(data.salad(self._chance, self._chance.randrange(60, 160))), assistant("I see.")]

    def _fact(self):
        while True:
            needle, share = self._chance.choice(self._needles), self._chance.random()
            attribute = needle.attribute if share < 0.25 else self._chance.choice(ATTRIBUTES)
            noun = needle.noun if share > 0.75 else self._chance.choice(data.NOUNS)
            if (attribute, noun) not in self._taken:
                return Fact(attribute, noun, data.digits(self._chance, DISTRACTOR_DIGITS))


def make_history(depth_tokens, needles, seed, bytes_per_token):
    """The needles, a turn of other things after each, and `depth_tokens` of other things after the last."""
    distractors = Distractors(random.Random(seed), needles)
    messages = [message for needle in needles for message in (*needle.turn(), *distractors.turn())]
    left = depth_tokens * bytes_per_token
    while left > 0:
        turn = distractors.turn()
        messages += turn
        left -= sum(len(message["content"].encode()) for message in turn)
    return messages


def tail(messages, tokens, bytes_per_token):
    """The newest turns of at most `tokens`."""
    left, begin = tokens * bytes_per_token, len(messages)
    while begin >= 2:
        left -= sum(len(message["content"].encode()) for message in messages[begin - 2:begin])
        if left < 0:
            break
        begin -= 2
    return messages[begin:]
