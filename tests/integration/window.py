"""How long a prompt is, is llama-server's to say; and media in front of a model that reads text only."""
import json
import random

from harness import wire
from harness.stack import StackCase, TRAINED, assistant, user

TABLE = "\n".join(" ".join(f"{random.Random(i * 7 + k).random():.6f}" for k in range(4)) for i in range(24))
PROSE = "My dog is named Bruno and he likes the harbor. "
TOOLS = [{"type": "function", "function": {"name": f"f{i}", "description": "Reads a file from the disk. " * 4,
                                           "parameters": {"type": "object", "properties": {}}}} for i in range(40)]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100000}}


class Window(StackCase):
    SLOTS = 2
    FAILURES = "prompt is too long"

    def post(self, path, body, conversation):
        return wire.post(self.keep.port, path, {"max_tokens": 4, **body}, {"X-Conversation-Id": conversation})

    def ask(self, messages, conversation, **fields):
        return self.post("/v1/chat/completions", {"messages": messages, **fields}, conversation)

    def assert_as_usage_says(self, reply):
        self.assertEqual(reply.status, 200, reply.body)
        sent = f"sent={reply.json['usage']['prompt_tokens']};"
        self.assertTrue(reply.headers["X-Keep-Window"].startswith(sent), reply.headers["X-Keep-Window"])

    def prose(self, tokens):
        """-> as much of it as fills a prompt with so many tokens"""
        count = 1
        while self.engine.count_tokens([user(PROSE * (count + 1))]) <= tokens:
            count += 1
        return PROSE * count

    def test_a_dense_text_is_nobody_elses_trouble(self):
        for _ in range(3):
            self.assert_as_usage_says(self.ask([user(TABLE)], "table"))
        self.assert_as_usage_says(self.ask([user(self.prose(TRAINED - 10))], "prose"))
        for text in ("今天天气很好。" * 40, "😀🎉🚀" * 60, "QUJDREVG" * 90):
            self.assert_as_usage_says(self.ask([user(text)], text[:4].encode().hex()))
            self.assert_as_usage_says(self.ask([user(self.prose(TRAINED - 10))], "after " + text[:1].encode().hex()))

    def test_tools_that_the_template_does_not_print_take_no_room(self):
        self.assertGreater(len(json.dumps(TOOLS)), 4 * TRAINED)
        turns = [user("Hello."), assistant("Hello."), user("How are you?")]
        reply = self.ask(turns, "tools", tools=TOOLS)
        self.assert_as_usage_says(reply)
        self.assertEqual(reply.json["usage"]["prompt_tokens"], self.engine.count_tokens(turns))

    def test_what_does_not_fit_is_refused_with_both_numbers(self):
        text = PROSE * 100
        needed = self.engine.count_tokens([user(text)])
        words = f"{needed} tokens > {TRAINED} maximum"
        started = self.engine.launches()
        for path, body in (("/v1/chat/completions", {"messages": [user(text)]}),
                           ("/v1/messages", {"messages": [user(text)]}),
                           ("/v1/responses", {"input": [user(text)]})):
            reply = self.post(path, body, path)
            self.assertEqual(reply.status, 400, path)
            self.assertIn(words, reply.body.decode(), path)
        self.assertEqual(self.engine.launches(), started)

    def test_a_long_conversation_is_cut_and_goes_on(self):
        turns = []
        for i in range(30):
            turns += [user(PROSE * 4 if i % 3 else TABLE[:200]), assistant("Yes.")]
        turns.append(user("And now?"))
        reply = self.ask(turns, "long")
        self.assert_as_usage_says(reply)
        self.assertNotIn("fog=0;", reply.headers["X-Keep-Window"])
        self.assertEqual(self.keep.metric("llama_keep_zone_overflows_total"), 0)

    def test_pictures_are_refused_when_new_and_left_out_when_old(self):
        look = user([{"type": "text", "text": "What is it?"}, PICTURE])
        reply = self.ask([look], "picture")
        self.assertEqual(reply.status, 400)
        self.assertIn("image input is not supported: the model model-f16.gguf reads text only",
                      reply.json["error"]["message"])
        turns = [look, assistant("A cat."), user("Thanks.")]
        first = self.ask(turns, "picture")
        self.assert_as_usage_says(first)
        turns += [assistant(first.json["choices"][0]["message"]["content"]), user("Bye.")]
        second = self.ask(turns, "picture", timings_per_token=True)
        self.assert_as_usage_says(second)
        self.assertGreater(second.json["timings"]["cache_n"], first.json["usage"]["prompt_tokens"] - 8)
        block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
        reply = self.post("/v1/messages", {"messages": [user([block])]}, "block")
        self.assertEqual((reply.status, reply.json["type"]), (400, "error"))
