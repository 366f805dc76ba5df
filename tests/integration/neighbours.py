"""Two keys and one llama-server: no answer tells one of them how much of its prompt the other has asked."""
import itertools
import tempfile

from harness import wire
from harness.stack import Engine, StackCase, TRAINED, WORK, assistant, text_of, user

ANNA, BERT = ({"Authorization": f"Bearer key-of-{name}"} for name in ("anna", "bert"))
SECRET = "The vault code of the museum is 5037, the door code of the castle is 8120, and nobody else may know. " * 3
FILLER = "Quite another text, which has no more than its length in common with number {}. "


class Neighbours(StackCase):
    """With llama-server's RAM cache, as it starts by default."""
    SLOTS = 1  # for both
    CTX = SLOTS * TRAINED
    fillers = itertools.count()

    @classmethod
    def setUpClass(cls):
        keys = tempfile.NamedTemporaryFile("w", dir=WORK, prefix="keys-")
        cls.addClassCleanup(keys.close)
        keys.write("key-of-anna\nkey-of-bert\n")
        keys.flush()
        cls.KEEP_FLAGS = ("--auth.keys_file", keys.name)
        super().setUpClass()

    def reused(self):
        text = wire.get(self.engine.port, "/metrics").body.decode()
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("llamacpp:prompt_tokens_cached_total "))

    def ask(self, key, messages, **fields):
        """-> what the client was told of cached tokens, what the engine really reused, the reply"""
        before = self.reused()
        reply = self.chat(messages, key, max_tokens=4, **fields)
        told = {reply.json["usage"]["prompt_tokens_details"]["cached_tokens"], reply.json["timings"]["cache_n"],
                int(reply.headers["X-Keep-Cached-Tokens"])}
        self.assertEqual(len(told), 1, reply.body)
        return told.pop(), self.reused() - before, reply

    def displace(self, key):
        """The slot holds something else of that tenant."""
        for _ in range(2):
            self.ask(key, [user(FILLER.format(next(self.fillers)) * 8)])

    def test_a_prompt_that_is_in_the_slot(self):
        secret = [user("One. " + SECRET)]
        self.ask(ANNA, secret)
        told, reused, reply = self.ask(BERT, secret)
        print(f"    {type(self).__name__}: {reply.json['usage']['prompt_tokens']} tokens, told {told}, reused {reused}", flush=True)
        self.assertEqual((told, reused), (0, 0))

    def test_a_prompt_that_has_left_its_slot(self):
        secret = [user("Two. " + SECRET)]
        self.ask(ANNA, secret)
        for key in (ANNA, BERT):
            self.displace(key)
        told, reused, reply = self.ask(BERT, secret, cache_prompt=True, id_slot=0)
        print(f"    {type(self).__name__}: {reply.json['usage']['prompt_tokens']} tokens, told {told}, reused {reused}", flush=True)
        self.displace(BERT)
        new_told, new_reused, _ = self.ask(BERT, [user("Nobody asked this. " * 20)])  # what all its prompts begin with
        self.assertEqual(told, new_told)
        self.check_reused(reused, new_reused)

    def check_reused(self, reused, reused_of_new):
        """How soon the answer begins may tell: that is what `doctor` and `serve` warn of."""
        self.assertIn("--cache-ram 0", self.keep.text())

    def test_the_next_turn_finds_its_own(self):
        history = [user("Three. " + SECRET)]
        _, _, first = self.ask(BERT, history)
        history += [assistant(text_of(first)), user("Go on.")]
        told, reused, _ = self.ask(BERT, history)
        self.assertGreater(reused, 80)
        self.check_told(told, reused)

    def check_told(self, told, reused):
        self.assertEqual(told, 0)

    def test_what_was_thought_and_is_dropped(self):
        """The same messages as its own last ones, but for what was thought, which may be another's."""
        def asks(thought):
            return [user("Four."), assistant(f"<think>{thought}</think>Yes."), user("Go on.")]
        self.ask(ANNA, asks(SECRET))
        told = []
        for thought in (SECRET.replace("5037", "9999"), SECRET):
            self.ask(BERT, asks(FILLER.format(next(self.fillers)) * 4))
            told.append(self.ask(BERT, asks(thought))[0])
            self.ask(ANNA, asks(SECRET))
        self.check_thought(told)

    def check_thought(self, told):
        self.assertEqual(told, [0, 0])


class WithoutRamCache(Neighbours):
    ENGINE_FLAGS = ("--cache-ram", "0")

    def check_reused(self, reused, reused_of_new):
        self.assertEqual(reused, reused_of_new)
        self.assertNotIn("--cache-ram 0", self.keep.text())

    def check_told(self, told, reused):
        self.assertEqual(told, reused)

    def check_thought(self, told):
        self.assertEqual(told[0], told[1])
