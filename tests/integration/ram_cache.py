"""More conversations than slots: what is displaced comes back from llama-server's own RAM cache."""
from harness import wire
from harness.stack import Engine, StackCase, TRAINED, assistant, text_of, user

CHAT = "/v1/chat/completions"
CONVERSATIONS = 12
ROUNDS = 3


def converse(port):
    """Conversations that take turns -> prompt tokens read in each round"""
    histories = [[user(f"The vault code of the museum is {5000 + 37 * i}. " * 8)] for i in range(CONVERSATIONS)]
    read = []
    for _ in range(ROUNDS):
        read.append(0)
        for history in histories:
            reply = wire.post(port, CHAT, {"messages": history, "temperature": 0, "max_tokens": 16})
            assert reply.status == 200, reply.body
            read[-1] += reply.json["timings"]["prompt_n"]
            history += [assistant(text_of(reply)), user("What is the vault code of the museum?")]
    return read


class BesideBare(StackCase):
    """The same through llama-keep and without it, each with an engine of its own, as recommended."""

    def test_reads_no_more_than_the_engine_alone(self):
        bare = Engine(self.SLOTS, self.CTX, *self.ENGINE_FLAGS)
        self.addCleanup(bare.stop)
        bare.start()
        through, alone = converse(self.keep.port), converse(bare.port)
        self.assertLessEqual(sum(through[1:]), sum(alone[1:]), (through, alone))
        # And that is little: what is new, no prompt from its beginning.
        self.assertLess(sum(through[1:]), (ROUNDS - 1) * through[0] / 2, (through, alone))


class AsItStartsByDefault(BesideBare):
    """A unified pool whose idle slots are emptied at each request."""
    CTX = TRAINED
    ENGINE_FLAGS = ("-kvu", "--cache-idle-slots")


class SharedPool(StackCase):
    """A pool that holds a few of them: slots are given up for others, and nothing is lost by that."""
    SLOTS = 8
    CTX = 2 * TRAINED
    ENGINE_FLAGS = ("-kvu",)
    KEEP_FLAGS = ("--upstream.pool_tokens", str(CTX))

    def test_given_up_is_not_lost(self):
        read = converse(self.keep.port)
        self.assertLess(sum(read[1:]), (ROUNDS - 1) * read[0] / 2, read)
        self.assertNotIn("purging", self.engine.text())


class Threads(StackCase):
    """Without a RAM cache: what loses its slot is lost."""
    ENGINE_FLAGS = ("--cache-ram", "0")

    def test_calls_that_come_once_do_not_displace_threads(self):
        mains = [[user(f"The door code of castle {i} is {5000 + 37 * i}. " * 4)] for i in range(3)]
        slots = [set() for _ in mains]

        def turn(i):
            reply = self.chat(mains[i], max_tokens=8)
            slots[i].add(reply.headers["X-Keep-Slot"])
            mains[i].extend([assistant(text_of(reply)), user("Go on.")])
            return reply.json["timings"]["cache_n"]

        for _ in range(3):
            for i in range(3):
                turn(i)
        for i in range(6):
            self.chat([user(f"Sum up report {i}. " * 10)], max_tokens=8)
        for i in range(3):
            self.assertGreater(turn(i), 40)
        self.assertEqual([len(used) for used in slots], [1, 1, 1])
