"""What coding agents change on every request must not cost them the prefix."""
import uuid

from harness import wire
from harness.stack import StackCase, assistant, user

INSTRUCTIONS = "You are a helpful coding agent. " + "Always answer with care. " * 6


class HygieneCase(StackCase):
    def ask(self, messages, system=INSTRUCTIONS):
        """As Claude Code does: its first system block is another one each time."""
        billing = f"x-anthropic-billing-header: cc_version=2.1.90; cch={uuid.uuid4().hex};"
        reply = wire.post(self.keep.port, "/v1/messages", {
            "model": "demo", "max_tokens": 16, "temperature": 0, "messages": messages,
            "system": [{"type": "text", "text": billing},
                       {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}]})
        self.assertEqual(reply.status, 200, reply.body)
        return reply

    def two_turns(self):
        """-> tokens of the first turn's prompt, usage of the second"""
        messages = [user("My dog's name is Bruno.")]
        first = self.ask(messages).json
        messages += [assistant(first["content"][0]["text"]), user("What is my dog's name?")]
        return first["usage"]["input_tokens"], self.ask(messages).json["usage"]


class Default(HygieneCase):
    def test_a_rotating_billing_header_costs_nothing(self):
        prompt, usage = self.two_turns()
        self.assertGreaterEqual(usage["cache_read_input_tokens"], prompt)
        self.assertLess(usage["input_tokens"], prompt)

    def test_the_model_never_sees_it(self):
        body = {"model": "demo", "messages": [user("Hello.")], "system": INSTRUCTIONS}
        counted = wire.post(self.keep.port, "/v1/messages/count_tokens", body).json["input_tokens"]
        usage = self.ask([user("Hello.")]).json["usage"]
        self.assertEqual(usage["input_tokens"] + usage["cache_read_input_tokens"], counted)

    def test_a_changed_system_prompt_is_explained(self):
        headers = {"X-Conversation-Id": "explained"}
        ask = lambda clock, *more: self.chat(
            [{"role": "system", "content": f"It is {clock}. {INSTRUCTIONS}"}, user("Hello."), *more],
            headers, max_tokens=8)
        self.assertEqual(ask("10:15").headers["X-Keep-Divergence"], "none")
        told = ask("10:16", assistant("Hello."), user("Hello again.")).headers["X-Keep-Divergence"]
        self.assertTrue(told.startswith("message=0;byte=10;cause=timestamp;"), told)


class SwitchedOff(HygieneCase):
    KEEP_FLAGS = ("--hygiene.billing_header", "false")

    def test_a_rotating_billing_header_costs_the_prompt(self):
        prompt, usage = self.two_turns()
        self.assertLess(usage["cache_read_input_tokens"], 40)
        self.assertGreater(usage["input_tokens"], prompt)
