"""Whose words are they: nothing of one tenant or conversation is ever recalled in another."""
import itertools
import os
import random
import re
import tempfile
import threading

from harness import wire
from harness.stack import ScriptedCase, WORK, assistant, user

QUERIES = 10_000 if os.environ.get("INTEGRATION_FULL") else 500
KEYS = ("key-of-anna", "key-of-bert")
IDS, CLIENTS = 50, 4
THINGS = "museum castle bakery clinic harbor library station garden school tower".split()
CODES = ("vault code", "door code", "alarm code", "access pin", "room number", "recovery key")
FACTS = [f"the {code} of the {thing}" for code in CODES for thing in THINGS]
CANARY = re.compile(r"\b\d{6}\b")


def canary(owner, number):
    return str(100_000 + owner * len(FACTS) + number)


def owner_of(value):
    return (int(value) - 100_000) // len(FACTS)


def history(owner, facts=range(len(FACTS))):
    """More than the window holds."""
    messages = []
    for number in facts:
        messages += [user(f"{FACTS[number].capitalize()} is {canary(owner, number)}."), assistant("Noted.")]
    return messages


class Tenants(ScriptedCase):
    SLOTS = 4
    prompts = {}  # by user: what the model got to see
    numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        keys = tempfile.NamedTemporaryFile("w", dir=WORK, prefix="keys-")
        cls.addClassCleanup(keys.close)
        keys.write("\n".join(KEYS))
        keys.flush()
        cls.KEEP_FLAGS = ("--window.tokens", "1000", "--auth.keys_file", keys.name)
        super().setUpClass()

    @classmethod
    def answer(cls, body):
        cls.prompts[body["user"]] = "\n".join(message["content"] for message in body["messages"])
        return "I see."

    def ask(self, key, conversation, messages, **fields):
        """-> what the model got to see"""
        headers = {"Authorization": f"Bearer {key}", "X-Conversation-Id": conversation}
        name = f"user-{next(self.numbers)}"
        self.chat(messages, headers, user=name, **fields)
        return self.prompts.pop(name)

    def query(self, number, chance):
        """A fact that both tenants know, each in its own way, asked in a conversation of one."""
        tenant, conversation = chance.randrange(len(KEYS)), chance.randrange(IDS)
        owner, fact = tenant * IDS + conversation, chance.randrange(len(FACTS))
        said = history(owner)
        prompt = self.ask(KEYS[tenant], f"id-{conversation}", [*said, user(f"What is {FACTS[fact]}?")])
        leaked = {value for value in CANARY.findall(prompt) if owner_of(value) != owner}
        with self.lock:
            self.leaks += [f"query {number}: {value}" for value in leaked]
            self.answered += canary(owner, fact) in prompt

    def run_queries(self, client):
        try:
            for number in range(client, QUERIES, CLIENTS):
                self.query(number, random.Random(number))
        except Exception as error:  # a thread's fault is told by the test
            self.leaks.append(repr(error))

    def test_the_same_ids_of_two_tenants(self):
        self.lock, self.leaks, self.answered = threading.Lock(), [], 0
        clients = [threading.Thread(target=self.run_queries, args=(i,), daemon=True) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        print(f"    {QUERIES} queries, {len(self.leaks)} leaks, the own answer seen in {self.answered}", flush=True)
        self.assertEqual(self.leaks, [])
        self.assertGreater(self.answered, 0.9 * QUERIES, "what cannot be recalled cannot leak")

    def fill(self, conversation, owner):
        """-> what recalls a fact of the beginning"""
        question = user(f"What is {FACTS[0]}?")
        prompt = self.ask(KEYS[0], conversation, [*history(owner), question])
        self.assertIn(canary(owner, 0), prompt)
        return question

    def test_what_was_ended_is_gone(self):
        old, new = 101, 102
        question = self.fill("ended", old)
        ended = wire.post(self.keep.port, "/v1/conversations/end", {"conversation_id": "ended"},
                          {"Authorization": f"Bearer {KEYS[0]}"})
        self.assertEqual(ended.status, 200, ended.body)
        for messages in ([question], [*history(new, range(1, len(FACTS))), question]):
            prompt = self.ask(KEYS[0], "ended", messages)
            self.assertEqual([value for value in CANARY.findall(prompt) if owner_of(value) == old], [])

    def test_another_tenant_cannot_end_it(self):
        question = self.fill("mine", 103)
        ended = wire.post(self.keep.port, "/v1/conversations/end", {"conversation_id": "mine"},
                          {"Authorization": f"Bearer {KEYS[1]}"})
        self.assertEqual(ended.status, 404, ended.body)
        self.assertIn(canary(103, 0), self.ask(KEYS[0], "mine", [*history(103), question]))

    def test_what_is_not_stored_is_never_recalled(self):
        owner, secret, question = 104, "987654", user("What is the launch code of the rocket?")
        told = user(f"The launch code of the rocket is {secret}.")
        said = history(owner)
        for messages in ([*said, told], [*said, told, assistant("Noted."), question]):
            self.assertIn(secret, self.ask(KEYS[0], "secret", messages, store=False))
        for messages in ([*said, question], [*history(owner + 1), question]):
            self.assertNotIn(secret, self.ask(KEYS[0], "secret", messages))
