"""An answer cut where a tool call or the JSON of a schema begins: a whole reply has its text, as llama-server's own."""
import pathlib

from harness import wire
from harness.stack import Engine, StackCase, assistant, user

TEMPLATE = pathlib.Path(__file__).resolve().parents[1] / "golden/tools.jinja"
CITY = {"type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": CITY}},
         {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {
    "type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "integer"}}, "required": ["name", "n"]}}}
CALL = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False}
QUESTION = [user("Weather?")]
LIMITS = range(1, 25)


class HeldBack(StackCase):
    ENGINE_FLAGS = ("--jinja", "--chat-template-file", str(TEMPLATE))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bare = Engine(cls.SLOTS, cls.CTX, *cls.ENGINE_FLAGS)
        cls.addClassCleanup(cls.bare.stop)
        cls.bare.start()

    @staticmethod
    def told(reply):
        """-> what a reply says, without what differs from run to run"""
        choice = reply.json["choices"][0]
        for call in choice["message"].get("tool_calls", []):
            call.pop("id")
        usage = reply.json["usage"]
        return choice, usage["prompt_tokens"], usage["completion_tokens"]

    def same(self, messages, limits=LIMITS, **fields):
        for limit in limits:
            body = {"messages": messages, "max_tokens": limit, "temperature": 0, "id_slot": 0, "cache_prompt": False,
                    **fields}
            with self.subTest(max_tokens=limit):
                want = wire.post(self.bare.port, "/v1/chat/completions", body)
                reply = wire.post(self.keep.port, "/v1/chat/completions", body)
                self.assertEqual((reply.status, self.told(reply)), (want.status, self.told(want)))

    def test_a_tool_call(self):
        self.same([*QUESTION, assistant("<tool_call>\n")], **CALL)

    def test_a_tool_call_after_text(self):
        self.same([*QUESTION, assistant("I see.\n<tool_call>\n")], limits=(1, 12, 16, 24), **CALL)

    def test_what_was_no_tool_call(self):
        self.same([*QUESTION, assistant("<tool_call>")], limits=(1, 2, 8), tools=TOOLS)
        self.same([*QUESTION, assistant("<tool_call>")], limits=(1, 2, 8))
        self.same([*QUESTION, assistant("I see.")], limits=(1, 2), tools=TOOLS)

    def test_a_schema(self):
        self.same(QUESTION, response_format=SCHEMA)

    def test_translated(self):
        schema = SCHEMA["json_schema"]["schema"]
        body = {"messages": QUESTION, "max_tokens": 3, "temperature": 0, "output_format": {"type": "json_schema", "schema": schema}}
        message = wire.post(self.keep.port, "/v1/messages", body).json
        chat = {"messages": QUESTION, "max_tokens": 3, "temperature": 0, "response_format": SCHEMA}
        want = wire.post(self.bare.port, "/v1/chat/completions", chat).json["choices"][0]["message"]["content"]
        self.assertEqual([part["text"] for part in message["content"]], [want])
        body = {"input": "Weather?", "max_output_tokens": 3, "temperature": 0,
                "text": {"format": {"type": "json_schema", "name": "x", "schema": schema}}}
        response = wire.post(self.keep.port, "/v1/responses", body).json
        self.assertEqual(response["output"][0]["content"][0]["text"], want)

    def test_only_what_is_missing_is_asked_for_again(self):
        begun = self.engine.launches()
        self.same(QUESTION, limits=(3, 4))
        self.assertEqual(self.engine.launches() - begun, 2)
        self.same(QUESTION, limits=(3,), response_format=SCHEMA)
        self.assertEqual(self.engine.launches() - begun, 4)
