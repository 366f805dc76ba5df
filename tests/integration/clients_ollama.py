"""The ollama package for Python: what an application does with it."""
import asyncio
import pathlib

import ollama

from harness.stack import StackCase, assistant, user

MODEL = "demo"
FACT = user("Please remember: The vault code of the museum is 7341.")
QUESTION = user("What is the vault code of the museum?")
OPTIONS = {"temperature": 0, "num_predict": 24, "num_ctx": 2048}
TEMPLATE = pathlib.Path(__file__).resolve().parents[1] / "golden/tools.jinja"
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}


class ClientCase(StackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = ollama.Client(host=cls.url)

    def ask(self, *messages, **fields):
        return self.client.chat(model=MODEL, messages=list(messages), **{"options": OPTIONS, **fields})


class Chat(ClientCase):
    def test_answers_from_context(self):
        answer = self.ask(FACT, assistant("Okay."), QUESTION)
        self.assertIn("7341", answer.message.content)
        self.assertEqual((answer.model, answer.done, answer.done_reason), (MODEL, True, "stop"))
        self.assertRegex(answer.created_at, r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertGreater(answer.prompt_eval_count, 10)
        self.assertGreater(answer.eval_count, 0)
        self.assertGreater(answer.eval_duration, 0)
        self.assertEqual(answer.total_duration, answer.prompt_eval_duration + answer.eval_duration)

    def test_stream_is_what_a_whole_answer_is(self):
        parts = list(self.ask(FACT, assistant("Okay."), QUESTION, stream=True))
        whole = self.ask(FACT, assistant("Okay."), QUESTION)
        self.assertEqual("".join(part.message.content for part in parts), whole.message.content)
        self.assertEqual([part.done for part in parts], [False] * (len(parts) - 1) + [True])
        self.assertEqual(parts[-1].eval_count, whole.eval_count)
        self.assertEqual(parts[-1].prompt_eval_count, whole.prompt_eval_count)

    def test_a_limit_ends_an_answer(self):
        answer = self.ask(FACT, options={"num_predict": 1})
        self.assertEqual((answer.done_reason, answer.eval_count), ("length", 1))

    def test_format(self):
        schema = {"type": "object", "properties": {"code": {"type": "integer"}}, "required": ["code"],
                  "additionalProperties": False}
        answer = self.ask(FACT, QUESTION, format=schema, options={"temperature": 0, "num_predict": 60})
        self.assertTrue(answer.message.content.lstrip().startswith("{"), answer.message.content)

    def test_leaving_a_stream_stops_the_decode(self):
        body = {"model": MODEL, "messages": [FACT], "ignore_eos": True, "options": {"num_predict": 900}}
        stream = self.client._request(ollama.ChatResponse, "POST", "/api/chat", json=body, stream=True)
        next(stream)
        stream.close()
        self.engine.wait_idle()

    def test_loading_a_model(self):
        self.assertEqual(self.ask().done_reason, "load")
        self.assertEqual(self.client.generate(model=MODEL, keep_alive=0).done_reason, "unload")

    def test_asynchronous_client(self):
        async def run():
            client = ollama.AsyncClient(host=self.url)
            text = ""
            async for part in await client.chat(model=MODEL, messages=[FACT], options=OPTIONS, stream=True):
                text += part.message.content
            return text
        self.assertEqual(asyncio.run(run()), self.ask(FACT).message.content)


class Generate(ClientCase):
    def test_whole_and_streamed(self):
        asked = {"model": MODEL, "system": "Be brief.", "prompt": QUESTION["content"], "options": OPTIONS}
        whole = self.client.generate(**asked)
        parts = list(self.client.generate(**asked, stream=True))
        self.assertEqual("".join(part.response for part in parts), whole.response)
        self.assertTrue(whole.response and whole.done and parts[-1].done)

    def test_a_raw_prompt_is_not_rendered(self):
        asked = {"model": MODEL, "prompt": "The vault code", "options": OPTIONS}
        raw = self.client.generate(**asked, raw=True)
        self.assertLess(raw.prompt_eval_count, self.client.generate(**asked).prompt_eval_count)


class Models(ClientCase):
    ENGINE_FLAGS = ("-a", "demo")

    def test_list_and_ps(self):
        listed = self.client.list().models
        self.assertEqual([model.model for model in listed], ["demo"])
        self.assertGreater(listed[0].size, 1_000_000)
        self.assertEqual(listed[0].details.format, "gguf")
        self.assertGreater(self.client.ps().models[0].context_length, 0)

    def test_show_tells_the_window(self):
        shown = self.client.show("demo")
        self.assertIn("completion", shown.capabilities)
        architecture = shown.modelinfo["general.architecture"]
        self.assertGreater(shown.modelinfo[f"{architecture}.context_length"], 0)
        self.assertIn("im_start", shown.template)

    def test_what_has_no_meaning_here_is_told(self):
        for ask in (lambda: self.client.pull("x"), lambda: self.client.delete("x"),
                    lambda: self.client.embed("demo", "x"),
                    lambda: list(self.client.pull("x", stream=True))):
            with self.assertRaises(ollama.ResponseError) as told:
                ask()
            self.assertEqual(told.exception.status_code, 501)
            self.assertNotIn("{", told.exception.error)

    def test_bad_requests_are_told(self):
        for stream in (False, True):
            with self.assertRaises(ollama.ResponseError) as told:
                list(self.ask(FACT, options={"top_k": "many"}, stream=stream))
            self.assertEqual(told.exception.status_code, 400)
            self.assertEqual(told.exception.error, "'options.top_k' must be an integer")


class Tools(ClientCase):
    ENGINE_FLAGS = ("-a", "demo", "--jinja", "--chat-template-file", str(TEMPLATE))

    # The tiny model calls a tool when its answer begins like that, and is made to.
    def body(self, stream):
        return {"model": MODEL, "messages": [user("Weather?"), assistant("<tool_call>\n")], "tools": [NOW],
                "stream": stream, "tool_choice": "required", "parallel_tool_calls": False,
                "options": {"temperature": 0, "num_predict": 60}}

    def call(self, stream):
        answer = self.client._request(ollama.ChatResponse, "POST", "/api/chat", json=self.body(stream),
                                      stream=stream)
        said = [part.message for part in answer] if stream else [answer.message]
        calls = [call for message in said for call in message.tool_calls or []]
        self.assertEqual(len(calls), 1, said)
        return calls[0]

    def test_a_call_is_whole_streamed_or_not(self):
        for stream in (False, True):
            call = self.call(stream)
            self.assertEqual((call.function.name, call.function.arguments), ("now", {}))

    def test_its_result_is_taken(self):
        answer = self.ask(user("Weather?"), {"role": "assistant", "tool_calls": [self.call(False).model_dump()]},
                          {"role": "tool", "tool_name": "now", "content": "noon"}, tools=[NOW])
        self.assertTrue(answer.done)

    def test_the_template_tells_that_there_are_tools(self):
        self.assertIn("tools", self.client.show("demo").capabilities)
