"""A thousand interleaved requests: nothing of one conversation ever turns up in another."""
import random
import threading

from harness import wire
from harness.stack import Engine, StackCase, TRAINED, assistant, text_of, user

CONVERSATIONS, TURNS, CLIENTS, LIVE = 200, 5, 8, 10
QUESTION = "What is the vault code of the museum?"
SMALL_TALK = ["Hello.", "How are you?", "Thank you.", "My dog's name is Bruno."]


def rendered(messages):
    """The model's template: what the engine has to be given, and nothing else."""
    return "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages) + \
        "<|im_start|>assistant\n"


class Talk:
    def __init__(self, code):
        self.code = code
        self.messages = []

    def next_turn(self, chance):
        if not self.messages:
            return f"Please remember: The vault code of the museum is {self.code}."
        return QUESTION if chance.random() < 0.4 else chance.choice(SMALL_TALK)


class Crosstalk(StackCase):
    SLOTS = 8
    CTX = SLOTS * TRAINED
    KEEP_FLAGS = ("--upstream.pool_tokens", str(CTX))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alone = Engine(1, TRAINED)
        cls.addClassCleanup(cls.alone.stop)
        cls.alone.start()

    def take_turns(self, chance):
        """A client: the next turn of whichever conversation is live, until there is none."""
        while not self.faults:
            with self.lock:
                while len(self.live) < LIVE and self.waiting:
                    self.live.append(self.waiting.pop())
                if not self.live:
                    return
                talk = self.live.pop(chance.randrange(len(self.live)))
            talk.messages.append(user(talk.next_turn(chance)))
            asks = talk.messages[-1]["content"] == QUESTION
            try:
                reply = self.chat(talk.messages, max_tokens=14 if asks else 5, verbose=True)
            except Exception as error:  # a thread's fault is told by the test
                self.faults.append(repr(error))
                return
            with self.lock:
                self.check(talk, asks, reply)
                talk.messages.append(assistant(text_of(reply)))
                if len(talk.messages) < 2 * TURNS:
                    self.live.append(talk)

    def check(self, talk, asks, reply):
        self.requests += 1
        text = text_of(reply)
        if self.foreign(text, talk) and not self.foreign(self.slip(talk.messages), talk):
            self.faults.append(f"{talk.code} was answered {text!r}")
        if reply.json["__verbose"]["prompt"] != rendered(talk.messages):
            self.faults.append(f"{talk.code}: the prompt was {reply.json['__verbose']['prompt']!r}")
        if asks:
            self.asked += 1
            self.right += talk.code in text

    def foreign(self, text, talk):
        return any(code in text for code in self.codes if code != talk.code)

    def slip(self, messages):
        """What the model says on an engine that holds nothing else: it may miss a digit by itself."""
        reply = wire.post(self.alone.port, "/v1/chat/completions", {
            "messages": messages, "temperature": 0, "max_tokens": 14, "cache_prompt": False})
        return text_of(reply)

    def test_a_thousand_requests(self):
        self.codes = [str(1000 + 43 * i) for i in range(CONVERSATIONS)]
        self.faults, self.requests, self.asked, self.right = [], 0, 0, 0
        self.lock, self.live = threading.Lock(), []
        self.waiting = [Talk(code) for code in self.codes]
        clients = [threading.Thread(target=self.take_turns, args=(random.Random(i),), daemon=True)
                   for i in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(self.faults, [])
        self.assertEqual(self.requests, CONVERSATIONS * TURNS)
        self.assertGreater(self.right, self.asked / 2, "the model has to be able to leak a code")
