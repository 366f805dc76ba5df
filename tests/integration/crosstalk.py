"""A thousand interleaved requests: nothing of one conversation ever turns up in another."""
import itertools
import queue
import random
import threading

from harness.stack import StackCase, TRAINED, assistant, text_of, user

CONVERSATIONS, TURNS, CLIENTS, LIVE = 100, 10, 8, 12
QUESTION = "What is the vault code of the museum?"
SMALL_TALK = ["Hello.", "How are you?", "Thank you.", "My dog's name is Bruno."]


def canaries():
    """Codes of four digits, any two of which differ in at least three: a slip is no cross-talk."""
    chosen = []
    for digits in itertools.product("0123456789", repeat=4):
        if all(sum(a != b for a, b in zip(digits, other)) >= 3 for other in chosen):
            chosen.append(digits)
    return ["".join(digits) for digits in chosen]


def rendered(messages):
    """The model's template: what the engine has to be given, and nothing else."""
    return "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages) + \
        "<|im_start|>assistant\n"


class Talk:
    def __init__(self, code, seed):
        self.code = code
        self.random = random.Random(seed)
        self.messages = []

    def next_turn(self):
        if not self.messages:
            return f"Please remember: The vault code of the museum is {self.code}."
        return QUESTION if self.random.random() < 0.5 else self.random.choice(SMALL_TALK)


class Crosstalk(StackCase):
    SLOTS = 8
    CTX = SLOTS * TRAINED
    KEEP_FLAGS = ("--slots.pool_tokens", str(CTX))

    def take_turns(self, live, waiting):
        """A client: the next turn of whichever conversation comes up, until there is none."""
        while True:
            try:
                talk = live.get_nowait()
            except queue.Empty:
                return
            talk.messages.append(user(talk.next_turn()))
            try:
                reply = self.chat(talk.messages, max_tokens=14, verbose=True)
            except Exception as error:  # the threads' faults are told by the test itself
                self.faults.append(repr(error))
                return
            self.check(talk, reply)
            talk.messages.append(assistant(text_of(reply)))
            if len(talk.messages) < 2 * TURNS:
                live.put(talk)
            else:
                try:
                    live.put(waiting.get_nowait())
                except queue.Empty:
                    pass

    def check(self, talk, reply):
        self.requests += 1
        text = text_of(reply)
        foreign = [code for code in self.codes if code in text and code != talk.code]
        if foreign:
            self.faults.append(f"{talk.code} was answered {text!r}")
        if reply.json["__verbose"]["prompt"] != rendered(talk.messages):
            self.faults.append(f"{talk.code}: the prompt was {reply.json['__verbose']['prompt']!r}")
        if talk.messages[-1]["content"] == QUESTION:
            self.asked += 1
            self.right += talk.code in text

    def test_a_thousand_requests(self):
        self.codes = canaries()[:CONVERSATIONS]
        self.assertEqual(len(self.codes), CONVERSATIONS)
        self.faults, self.requests, self.asked, self.right = [], 0, 0, 0
        live, waiting = queue.Queue(), queue.Queue()
        for i, code in enumerate(self.codes):
            (live if i < LIVE else waiting).put(Talk(code, i))
        clients = [threading.Thread(target=self.take_turns, args=(live, waiting))
                   for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(self.faults, [])
        self.assertEqual(self.requests, CONVERSATIONS * TURNS)
        self.assertGreater(self.right, self.asked / 2, "the model has to be able to leak a code")
