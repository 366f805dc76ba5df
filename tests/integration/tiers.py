"""More conversations than slots: what loses its slot is kept in memory, and comes back into another."""
import os
import signal
import tempfile

from harness import wire
from harness.stack import Engine, StackCase, WORK, assistant, text_of, user, wait_for

CHAT = "/v1/chat/completions"
CONVERSATIONS = 10
BLOCK = 16  # tokens: what is left over behind the last one is in no block


class Conversation:
    def __init__(self, port, number, **fields):
        self.port, self.number, self.fields = port, number, fields
        self.messages = [user(f"The vault code of the museum is {5000 + 37 * number}. " * 8)]
        self.held = 0  # tokens, after the last answer

    def turn(self):
        """-> reply, tokens that were read besides what is new"""
        body = {"messages": self.messages, "temperature": 0, "max_tokens": 16, **self.fields}
        reply = wire.post(self.port, CHAT, body)
        assert reply.status == 200, reply.body
        timings = reply.json["timings"]
        prompt = timings["cache_n"] + timings["prompt_n"]
        again = prompt - timings["cache_n"] - max(prompt - self.held, 0)
        self.held = prompt + timings["predicted_n"]
        self.messages += [assistant(text_of(reply)), user("What is the vault code of the museum?")]
        return reply, again


class TierCase(StackCase):
    """Without a RAM cache of its own the engine would read everything again."""
    SLOTS = 2
    CTX = SLOTS * 1024

    @classmethod
    def make_engine(cls):
        saves = tempfile.TemporaryDirectory(prefix="saves-", dir=WORK)
        cls.addClassCleanup(saves.cleanup)
        cls.saves = saves.name
        cls.KEEP_FLAGS = ("--upstream.slot_save_path", cls.saves)
        return Engine(cls.SLOTS, cls.CTX, "--cache-ram", "0", "--slot-save-path", cls.saves, *cls.ENGINE_FLAGS)

    def rounds(self, rounds=3, **fields):
        """-> what was read again in all rounds but the first, and the headers' X-Keep-Cache"""
        conversations = [Conversation(self.keep.port, 20 + i, **fields) for i in range(CONVERSATIONS)]
        for conversation in conversations:
            conversation.turn()
        turns = [conversation.turn() for _ in range(rounds - 1) for conversation in conversations]
        return [again for _, again in turns], [reply.headers["X-Keep-Cache"] for reply, _ in turns]

    def expect_nothing_read_again(self):
        restores = self.keep.metric("llama_keep_tier_restores_total")
        again, caches = self.rounds()
        # The last token of an answer is in no cache, nor is what follows the last whole block.
        self.assertLessEqual(max(again), BLOCK + 1, again)
        self.assertGreaterEqual(caches.count("restored"), len(caches) - self.SLOTS, caches)
        restores = self.keep.metric("llama_keep_tier_restores_total") - restores
        self.assertEqual(restores, caches.count("restored"))
        self.assertEqual(os.listdir(self.saves), [])


class MoreConversationsThanSlots(TierCase):
    def test_come_back_without_being_read_again(self):
        self.expect_nothing_read_again()

    def test_answer_as_if_they_had_never_left(self):
        bare = Engine(CONVERSATIONS, CONVERSATIONS * 1024)
        self.addCleanup(bare.stop)
        bare.start()
        for number in range(CONVERSATIONS):
            there = Conversation(bare.port, number, id_slot=number)
            here = Conversation(self.keep.port, number, conversation_id=f"same-{number}")
            other = Conversation(self.keep.port, number + 100), Conversation(self.keep.port, number + 200)
            for _ in range(3):
                self.assertEqual(text_of(here.turn()[0]), text_of(there.turn()[0]))
                for one in other:
                    one.turn()

    def test_nothing_is_left_of_one_that_is_ended(self):
        conversation = Conversation(self.keep.port, 300, conversation_id="ended")
        conversation.turn()
        for number in range(self.SLOTS):
            Conversation(self.keep.port, 301 + number, conversation_id=f"other-{number}").turn()
        before = self.keep.metric("llama_keep_tier_blocks")
        reply = wire.post(self.keep.port, "/v1/conversations/end", {"conversation_id": "ended"})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertLess(self.keep.metric("llama_keep_tier_blocks"), before)
        reply, _ = conversation.turn()
        self.assertNotEqual(reply.headers["X-Keep-Cache"], "restored")


class KnownBeginnings(TierCase):
    """Agents with one long system prompt, of which no slot holds anything any more."""
    SLOTS = 1
    CTX = 1024
    SYSTEM = " ".join(f"Rule {i}: never open door {7 * i} of the museum before the guard has counted." for i in range(20))

    def agent(self, number, **fields):
        agent = Conversation(self.keep.port, number, **fields)
        agent.messages.insert(0, {"role": "system", "content": self.SYSTEM})
        return agent

    def test_are_read_once(self):
        system = len(wire.post(self.engine.port, "/tokenize", {"content": self.SYSTEM}).json["tokens"])
        self.agent(500, conversation_id="first").turn()
        answers = []
        for number in range(10):
            Conversation(self.keep.port, 600 + number).turn()
            reply, _ = self.agent(501 + number, conversation_id=f"agent-{number}").turn()
            self.assertEqual(reply.headers["X-Keep-Cache"], "restored", reply.json["timings"])
            self.assertGreaterEqual(reply.json["timings"]["cache_n"], system)
            answers.append(text_of(reply))
        bare = Engine(1, 1024)
        self.addCleanup(bare.stop)
        bare.start()
        for number, answer in enumerate(answers):
            fresh = self.agent(501 + number)
            fresh.port = bare.port
            fresh.fields = {"cache_prompt": False}
            self.assertEqual(text_of(fresh.turn()[0]), answer)


class WhoGoes(TierCase):
    """One that was here once and has left must not hold a slot while those that are here share the other."""

    def alternate(self):
        Conversation(self.keep.port, 700).turn()
        here = Conversation(self.keep.port, 701), Conversation(self.keep.port, 702)
        return [one.turn()[0].headers["X-Keep-Cache"] for _ in range(5) for one in here][2:]

    def test_is_the_one_that_was_away_longest(self):
        self.assertEqual(self.alternate(), ["hit"] * 8)


class WhoGoesWithoutAFolder(WhoGoes):
    @classmethod
    def make_engine(cls):
        engine = super().make_engine()
        cls.KEEP_FLAGS = ()
        return engine


class OnePool(TierCase):
    ENGINE_FLAGS = ("-kvu",)

    def test_come_back_without_being_read_again(self):
        self.expect_nothing_read_again()


class EngineRestarts(TierCase):
    FAILURES = r"status=50[23]"

    def test_conversations_outlive_it(self):
        self.rounds(2)
        conversation = self.displaced(400)
        self.restart()
        reply, again = conversation.turn()
        self.assertEqual(reply.headers["X-Keep-Cache"], "restored")
        self.assertLessEqual(again, BLOCK + 1)

    def test_one_that_would_compute_something_else_gets_nothing(self):
        flags = ("--rope-freq-base", "500")
        conversation = self.displaced(420)
        before = list(self.engine.argv)
        self.engine.argv += flags
        self.restart()
        foreign = self.keep.metric("llama_keep_tier_restores_total")
        reply, _ = conversation.turn()
        self.assertNotEqual(reply.headers["X-Keep-Cache"], "restored")
        self.assertEqual(self.keep.metric("llama_keep_tier_restores_total"), foreign + 1)
        self.assertEqual(self.keep.text().count("computes something else"), 1)
        bare = Engine(1, 1024, *flags)
        self.addCleanup(bare.stop)
        bare.start()
        body = {"messages": conversation.messages[:-2], "temperature": 0, "max_tokens": 16}
        self.assertEqual(text_of(reply), text_of(wire.post(bare.port, CHAT, body)))
        self.engine.argv = before
        self.restart()

    def displaced(self, number):
        conversation = Conversation(self.keep.port, number, conversation_id=f"displaced-{number}")
        conversation.turn()
        for other in range(self.SLOTS):
            Conversation(self.keep.port, number + 1 + other).turn()
        return conversation

    def restart(self):
        """Long enough to be noticed: its health is asked every two seconds."""
        self.engine.stop(signal.SIGKILL)
        wait_for(lambda: wire.get(self.keep.port, "/ready").status != 200, 10, "its absence noticed")
        self.engine.start()
        wait_for(lambda: wire.get(self.keep.port, "/ready").status == 200, 10, "ready again")


class AnotherFolder(TierCase):
    """The folder is not where the engine saves: nothing is kept, it is said once, all is answered."""

    @classmethod
    def make_engine(cls):
        engine = super().make_engine()
        elsewhere = tempfile.TemporaryDirectory(prefix="elsewhere-", dir=WORK)
        cls.addClassCleanup(elsewhere.cleanup)
        cls.KEEP_FLAGS = ("--upstream.slot_save_path", elsewhere.name)
        return engine

    def test_is_told(self):
        _, caches = self.rounds(2)
        self.assertNotIn("restored", caches)
        self.assertEqual(self.keep.text().count("is not kept until"), 1)
