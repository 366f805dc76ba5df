"""Notes in the newest message only, plain from then on: one conversation, and no dearer than without a proxy."""
from harness import wire
from harness.stack import StackCase, TRAINED, assistant, user

TURNS = 10
NOTES = "Use these notes: the ferry leaves at noon, the museum closes at six. " * 2


class Decorated(StackCase):
    SLOTS = 1
    CTX = TRAINED
    KEEP_FLAGS = ("--upstream.pool_tokens", str(CTX))

    def converse(self, port):
        """-> prefilled tokens of each turn, conversations, causes of lost prefixes"""
        messages, prefilled, conversations, causes = [], [], set(), []
        for turn in range(TURNS):
            plain = f"What about day {turn}?"
            reply = wire.post(port, "/v1/chat/completions", {
                "model": "demo", "max_tokens": 12, "temperature": 0,
                "messages": [*messages, user(f"{NOTES}\n\n{plain}")]})
            self.assertEqual(reply.status, 200, reply.body)
            prefilled.append(reply.json["timings"]["prompt_n"])
            conversations.add(reply.headers.get("X-Keep-Conversation"))
            causes.append(reply.headers.get("X-Keep-Divergence"))
            messages += [user(plain), assistant(reply.json["choices"][0]["message"]["content"])]
        return prefilled, conversations, causes

    def test_it_is_one_conversation_and_costs_what_it_costs_without_a_proxy(self):
        bare, _, _ = self.converse(self.engine.port)
        through, conversations, causes = self.converse(self.keep.port)
        self.assertEqual(len(conversations), 1, conversations)
        self.assertLessEqual(sum(through), 1.1 * sum(bare), f"through {through}, bare {bare}")
        for cause in causes[1:]:
            self.assertIn(";cause=decorated_turn;", cause)
