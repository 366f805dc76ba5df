"""Chat templates that refuse an order of roles: no conversation dies of it, and its prefix stays."""
import pathlib

from harness import wire
from harness.stack import StackCase, assistant, user

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "abcdefghi", "type": "function", "function": {"name": "now", "arguments": "{}"}}]}
RESULT = {"role": "tool", "tool_call_id": "abcdefghi", "content": "noon"}


def system(text, role="system"):
    return {"role": role, "content": text}


class Orders:
    """Mixed into a case per template."""

    ORDERS = {
        "late system": [system("s"), user("u"), assistant("a"), system("t"), user("v")],
        "late developer": [user("u"), assistant("a"), user("v"), system("t", "developer")],
        "two leading": [system("s"), system("t"), user("u")],
        "system last": [system("s"), user("u"), system("t")],
        "only system": [system("s")],
        "two users": [user("u"), user("v")],
        "two answers": [user("u"), assistant("a"), assistant("b"), user("v")],
        "answer first": [system("s"), assistant("a"), user("u")],
    }
    WITH_TOOLS = {
        "system behind a call": [user("u"), CALL, system("t"), RESULT],
        "user behind a result": [user("u"), CALL, RESULT, user("v")],
    }

    def test_every_order_is_answered(self):
        for name, messages in self.ORDERS.items():
            with self.subTest(name):
                self.chat(messages, max_tokens=2)

    def test_messages(self):
        for name, messages in self.ORDERS.items():
            with self.subTest(name):
                body = {"max_tokens": 2, "messages": [
                    {**message, "role": message["role"].replace("developer", "system")} for message in messages]}
                reply = wire.post(self.keep.port, "/v1/messages", body)
                self.assertEqual(reply.status, 200, reply.body)
                counted = wire.post(self.keep.port, "/v1/messages/count_tokens", body).json["input_tokens"]
                usage = reply.json["usage"]
                self.assertEqual(usage["input_tokens"] + usage["cache_read_input_tokens"], counted)

    def test_responses(self):
        for name, messages in self.ORDERS.items():
            with self.subTest(name):
                body = {"max_output_tokens": 2, "input": messages}
                reply = wire.post(self.keep.port, "/v1/responses", body)
                self.assertEqual(reply.status, 200, reply.body)

    def test_the_prefix_stays(self):
        talk = [system("Be brief."), user("My dog's name is Bruno."), system("Mind the dog.")]
        headers = {"X-Conversation-Id": "prefix"}
        for word in ("What is its name?", "And again?"):
            first = self.chat(talk, headers, max_tokens=8, ignore_eos=True).json
            talk += [assistant(first["choices"][0]["message"]["content"]), user(word), system("Mind it.")]
            second = self.chat(talk, headers, max_tokens=1).json["usage"]
            cached = second["prompt_tokens_details"]["cached_tokens"]
            # All that was read before, but for the tokens at the seam.
            self.assertGreaterEqual(cached, first["usage"]["prompt_tokens"] - 8)


class Qwen(Orders, StackCase):
    """One system message, at the beginning."""
    ENGINE_FLAGS = ("--chat-template-file", str(TEMPLATES / "qwen.jinja"))

    def test_tools(self):
        for name, messages in self.WITH_TOOLS.items():
            with self.subTest(name):
                self.chat(messages, max_tokens=2)


class Mistral(Qwen):
    """... and user and assistant in turn."""
    ENGINE_FLAGS = ("--chat-template-file", str(TEMPLATES / "mistral.jinja"))


class Gemma(Orders, StackCase):
    """The same, without tools; the system message is the head of the user's first."""
    ENGINE_FLAGS = ("--chat-template-file", str(TEMPLATES / "gemma.jinja"))
