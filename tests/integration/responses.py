"""The Responses API as the official client's types want it: every event and every answer is validated."""
import json
import pathlib

import openai
import pydantic
from openai.types import responses as types

from harness import wire
from harness.stack import StackCase, user

TEMPLATE = pathlib.Path(__file__).resolve().parents[1] / "golden/tools.jinja"
EVENT = pydantic.TypeAdapter(types.ResponseStreamEvent)
THINK = 'root ::= "<think>\\nhm\\n</think>\\n\\nyes"'
NOW = {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False}
PATCH = {"type": "custom", "name": "patch", "description": "Changes files.",
         "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}}
# The tiny model calls a tool when its answer begins like that.
CALL = [user("Weather?"), {"type": "message", "role": "assistant", "content": [
    {"type": "output_text", "text": "<tool_call>\n"}]}]
REQUIRED = {"input": CALL, "tool_choice": "required", "parallel_tool_calls": False}

CASES = {
    "plain": {"input": "Weather?", "instructions": "Be brief."},
    "cut": {"input": "Weather?", "max_output_tokens": 3, "ignore_eos": True},
    "reasoning": {"input": "Weather?", "grammar": THINK, "reasoning": {"effort": "low", "summary": "auto"}},
    "function": {**REQUIRED, "tools": [NOW]},
    "custom": {**REQUIRED, "tools": [PATCH], "max_output_tokens": 40},
    "hosted": {"input": "Weather?", "tools": [{"type": "web_search"}, NOW], "tool_choice": "none"},
}


def masked(value):
    """Without what is another one in every answer."""
    if isinstance(value, list):
        return [masked(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: masked(one) for key, one in value.items()
            if key not in ("id", "call_id", "created_at", "completed_at", "usage", "stream")}


class Contract(StackCase):
    ENGINE_FLAGS = ("-a", "demo", "--jinja", "--chat-template-file", str(TEMPLATE))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = openai.OpenAI(base_url=f"{cls.url}/v1", api_key="none", max_retries=0)
        cls.addClassCleanup(cls.client.close)

    def ask(self, **fields):
        body = {"model": "demo", "temperature": 0, "max_output_tokens": 60, **fields}
        reply = wire.post(self.keep.port, "/v1/responses", body)
        self.assertEqual(reply.status, 200, reply.body)
        types.Response.model_validate(reply.json)
        return reply.json

    def events(self, **fields):
        body = {"model": "demo", "temperature": 0, "max_output_tokens": 60, **fields}
        events = list(wire.Stream(self.keep.port, "/v1/responses", body))
        for number, event in enumerate(events):
            EVENT.validate_python(event)
            self.assertEqual(event["sequence_number"], number)
        return events

    def test_every_event_is_valid_and_the_last_is_the_answer(self):
        for name, fields in CASES.items():
            with self.subTest(name):
                whole, events = self.ask(**fields), self.events(**fields)
                self.assertEqual([e["type"] for e in events[:2]], ["response.created", "response.in_progress"])
                self.assertEqual(masked(events[-1]["response"]), masked(whole))
                self.assertEqual(whole["status"], "incomplete" if name == "cut" else whole["status"])
                usage = whole["usage"]
                self.assertEqual(usage["total_tokens"], usage["input_tokens"] + usage["output_tokens"])

    def test_the_client_puts_the_stream_together(self):
        for name, fields in CASES.items():
            with self.subTest(name):
                extra = {key: fields[key] for key in ("grammar", "ignore_eos") if key in fields}
                known = {key: value for key, value in fields.items() if key not in extra}
                with self.client.responses.stream(model="demo", temperature=0, extra_body=extra,
                                                  **{"max_output_tokens": 60, **known}) as stream:
                    kinds = [event.type for event in stream]
                    whole = self.ask(**fields)
                    self.assertEqual(kinds[-1], f"response.{whole['status']}")
                    if whole["status"] == "completed":
                        final = stream.get_final_response()
                        self.assertEqual([item["type"] for item in whole["output"]],
                                         [item.type for item in final.output])

    def test_kinds_of_items(self):
        kinds = {name: [item["type"] for item in self.ask(**CASES[name])["output"]]
                 for name in ("plain", "reasoning", "function", "custom")}
        self.assertEqual(kinds, {"plain": ["message"], "reasoning": ["reasoning", "message"],
                                 "function": ["function_call"], "custom": ["custom_tool_call"]})

    def test_answers_can_be_sent_back(self):
        for name in ("plain", "reasoning", "function", "custom"):
            with self.subTest(name):
                first = self.ask(**CASES[name])
                outputs = [{"type": f"{item['type']}_output", "call_id": item["call_id"],
                            "output": [{"type": "input_text", "text": "noon"}]}
                           for item in first["output"] if "call_id" in item]
                again = [user("Weather?"), *first["output"], *outputs, user("And now?")]
                self.ask(input=again, tools=[NOW, PATCH])

    def test_references_stand_for_what_was_answered(self):
        first = self.ask(input="My dog's name is Bruno.")
        question = {"role": "user", "content": "What is my dog's name?"}
        start = {"role": "user", "content": "My dog's name is Bruno."}
        sent = self.ask(input=[start, *first["output"], question])
        reference = {"type": "item_reference", "id": first["output"][0]["id"]}
        referred = self.ask(input=[start, reference, question])
        self.assertEqual(sent["usage"]["input_tokens"], referred["usage"]["input_tokens"])

    def test_what_agents_send(self):
        self.ask(input=[
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
            {"role": "user", "content": [{"type": "input_text", "text": "Look."},
                                         {"type": "input_file", "filename": "a.pdf", "file_data": "data:x"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
            {"type": "local_shell_call", "id": "lsh_1", "call_id": "c1", "status": "completed",
             "action": {"type": "exec", "command": ["ls"], "env": {}}},
            {"type": "local_shell_call_output", "id": "c1", "output": "{\"output\": \"a\"}"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "item_reference", "id": "msg_unknown"},
            {"role": "system", "content": "Mind it."},
            user("Go on."),
        ], tools=[{"type": "local_shell"}, {"type": "namespace", "name": "mcp__a__", "description": "x",
                                            "tools": [NOW]}, {"type": "web_search"}], tool_choice="auto",
            include=["reasoning.encrypted_content"], store=False, prompt_cache_key="k", text={"verbosity": "low"})

    def test_counts(self):
        for fields in (CASES["plain"], CASES["function"]):
            body = {"model": "demo", "input": fields["input"], **{
                key: fields[key] for key in ("instructions", "tools", "tool_choice") if key in fields}}
            counted = wire.post(self.keep.port, "/v1/responses/input_tokens", body).json["input_tokens"]
            self.assertEqual(counted, self.ask(**fields)["usage"]["input_tokens"])

    def test_refusals(self):
        with self.assertRaises(openai.BadRequestError):
            self.client.responses.create(model="demo", input="x", previous_response_id="resp_1")
        with self.assertRaises(openai.BadRequestError):
            self.client.responses.create(model="demo", input=json.loads("[5]"))
