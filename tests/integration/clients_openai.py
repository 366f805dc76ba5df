"""The official openai package for Python: each thing an application does with it."""
import asyncio
import pathlib
import tempfile

import openai

from harness.stack import StackCase, TRAINED, assistant, user

MODEL = "demo"
FACT = user("Please remember: The vault code of the museum is 7341.")
QUESTION = user("What is the vault code of the museum?")
TOOLS = [{"type": "function", "function": {
    "name": "find_code", "description": "Finds a code.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}}]


class ClientCase(StackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = openai.OpenAI(base_url=cls.url + "/v1", api_key="none", max_retries=0)
        cls.addClassCleanup(cls.client.close)

    def create(self, *messages, **fields):
        return self.client.chat.completions.create(model=MODEL, messages=list(messages),
                                                   **{"temperature": 0, "max_tokens": 24, **fields})


class Chat(ClientCase):
    def test_answers_from_context(self):
        answer = self.create(FACT, assistant("Okay."), QUESTION)
        self.assertIn("7341", answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.prompt_tokens + answer.usage.completion_tokens,
                         answer.usage.total_tokens)

    def test_stream_is_what_a_whole_answer_is(self):
        chunks = list(self.create(FACT, assistant("Okay."), QUESTION, stream=True))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        whole = self.create(FACT, assistant("Okay."), QUESTION)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertTrue(all(chunk.usage is None for chunk in chunks))

    def test_include_usage(self):
        chunks = list(self.create(FACT, stream=True, stream_options={"include_usage": True}))
        self.assertEqual(chunks[-1].choices, [])
        self.assertGreater(chunks[-1].usage.prompt_tokens, 0)
        self.assertGreater(chunks[-1].usage.completion_tokens, 0)

    def test_second_turn_reports_cached_tokens(self):
        first = self.create(user("My dog's name is Bruno."))
        text = first.choices[0].message.content
        second = self.create(user("My dog's name is Bruno."), assistant(text), user("Hello again."))
        self.assertGreaterEqual(second.usage.prompt_tokens_details.cached_tokens,
                                first.usage.total_tokens - 1)

    def test_tools_and_tool_results(self):
        call = {"id": "call_1", "type": "function",
                "function": {"name": "find_code", "arguments": '{"place": "museum"}'}}
        answer = self.create(QUESTION, {"role": "assistant", "content": None, "tool_calls": [call]},
                             {"role": "tool", "tool_call_id": "call_1", "content": "7341"},
                             user("Thank you."), tools=TOOLS)
        self.assertEqual(answer.choices[0].message.role, "assistant")
        self.assertGreater(answer.usage.prompt_tokens, 0)

    def test_several_choices(self):
        answer = self.create(FACT, n=2, temperature=1, seed=7)
        self.assertEqual(sorted(choice.index for choice in answer.choices), [0, 1])
        self.assertTrue(all(choice.message.content for choice in answer.choices))

    def test_logprobs(self):
        answer = self.create(FACT, logprobs=True, top_logprobs=3, max_tokens=5)
        content = answer.choices[0].logprobs.content
        self.assertEqual(len(content), answer.usage.completion_tokens)
        self.assertEqual(len(content[0].top_logprobs), 3)

    def test_stop(self):
        whole = self.create(FACT, assistant("Okay."), QUESTION).choices[0].message.content
        answer = self.create(FACT, assistant("Okay."), QUESTION, stop=["7341"])
        self.assertEqual(answer.choices[0].message.content, whole.split("7341")[0])
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_length(self):
        answer = self.create(FACT, max_tokens=3)
        self.assertEqual(answer.choices[0].finish_reason, "length")
        self.assertEqual(answer.usage.completion_tokens, 3)

    def test_unknown_fields_reach_the_engine(self):
        answer = self.create(FACT, extra_body={"ignore_eos": True, "made_up": {"a": [1, 2.50]}},
                             max_tokens=60)
        self.assertEqual(answer.usage.completion_tokens, 60)

    def test_raw_response_headers(self):
        raw = self.client.chat.completions.with_raw_response.create(
            model=MODEL, messages=[FACT], max_tokens=4, extra_headers={"x-request-id": "mine-1"})
        self.assertEqual(raw.parse().choices[0].message.role, "assistant")
        self.assertIn(int(raw.headers["X-Keep-Slot"]), range(self.SLOTS))
        self.assertTrue(raw.headers["X-Keep-Conversation"])
        self.assertEqual(raw.headers["x-request-id"], "mine-1")

    def test_leaving_a_stream_frees_the_slot(self):
        stream = self.create(FACT, stream=True, max_tokens=900, extra_body={"ignore_eos": True})
        next(iter(stream))
        self.assertEqual(len(self.engine.busy()), 1)
        stream.close()
        self.engine.wait_idle(1)


class OtherEndpoints(ClientCase):
    INPUT = [FACT, {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": "Okay.", "annotations": []}]},
             QUESTION]

    def test_completions(self):
        answer = self.client.completions.create(model=MODEL, prompt="The vault", max_tokens=6,
                                                extra_body={"ignore_eos": True})
        self.assertEqual(answer.usage.completion_tokens, 6)
        self.assertTrue(answer.choices[0].text)

    def test_completions_stream(self):
        chunks = list(self.client.completions.create(model=MODEL, prompt="The vault", max_tokens=6,
                                                     stream=True,
                                                     extra_body={"ignore_eos": True}))
        self.assertTrue("".join(chunk.choices[0].text for chunk in chunks))
        self.assertEqual(chunks[-1].choices[0].finish_reason, "length")

    def test_responses(self):
        answer = self.client.responses.create(model=MODEL, temperature=0, max_output_tokens=24,
                                              input=self.INPUT)
        self.assertIn("7341", answer.output_text)
        self.assertEqual(answer.status, "completed")
        self.assertGreater(answer.usage.output_tokens, 0)

    def test_responses_stream(self):
        events = list(self.client.responses.create(model=MODEL, temperature=0, max_output_tokens=24,
                                                   input=self.INPUT, stream=True))
        self.assertEqual((events[0].type, events[-1].type), ("response.created", "response.completed"))
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        self.assertIn("7341", text)
        self.assertEqual(events[-1].response.output[0].content[0].text, text)

    def test_models_tell_the_window(self):
        model = self.client.models.list().data[0]
        self.assertEqual(model.window, TRAINED)
        self.assertEqual(model.meta["n_ctx_train"], TRAINED)


class Errors(ClientCase):
    FAILURES = "prompt is too long"

    def test_bad_input(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.create({"role": "user", "content": 5})
        self.assertTrue(caught.exception.body["message"])

    def test_no_messages(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=MODEL, messages="hello")
        self.assertIn("messages", caught.exception.body["message"])

    def test_prompt_larger_than_the_context(self):
        for stream in (False, True):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.create(user("The vault code is 7341. " * 200), stream=stream)
            self.assertEqual(caught.exception.code, "context_length_exceeded")
            self.assertIn(f"> {TRAINED} maximum", caught.exception.body["message"])

    def test_unknown_path(self):
        with self.assertRaises(openai.NotFoundError):
            self.client.get("/nothing", cast_to=object)


class Async(ClientCase):
    CTX = 8 * TRAINED

    def test_twenty_at_once(self):
        async def all_at_once():
            async with openai.AsyncOpenAI(base_url=self.url + "/v1", api_key="none",
                                          max_retries=0) as client:
                return await asyncio.gather(*(client.chat.completions.create(
                    model=MODEL, temperature=0, max_tokens=24, messages=[
                        user(f"The vault code of the museum is {7000 + i}."), assistant("Okay."),
                        QUESTION]) for i in range(20)))

        answers = asyncio.run(all_at_once())
        right = [str(7000 + i) in answer.choices[0].message.content for i, answer in enumerate(answers)]
        self.assertGreaterEqual(sum(right), 18, answers)


class ApiKeys(ClientCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        keys = folder / "keys"
        keys.write_text("# who may ask\nfirst-key\nsecond-key\n")
        keys.chmod(0o600)
        cls.KEEP_FLAGS = ("--auth.keys_file", str(keys))
        super().setUpClass()

    def ask(self, key, *messages):
        return self.client.with_options(api_key=key).chat.completions.with_raw_response.create(
            model=MODEL, messages=list(messages), max_tokens=8, temperature=0)

    def test_wrong_key(self):
        with self.assertRaises(openai.AuthenticationError) as caught:
            self.ask("third-key", FACT)
        self.assertTrue(caught.exception.body["message"])

    def test_right_keys_are_tenants_apart(self):
        first, second = self.ask("first-key", FACT), self.ask("second-key", FACT)
        self.assertNotEqual(first.headers["X-Keep-Slot"], second.headers["X-Keep-Slot"])
        self.assertEqual(second.parse().usage.prompt_tokens_details.cached_tokens, 0)
