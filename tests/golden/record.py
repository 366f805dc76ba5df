#!/usr/bin/env python3
"""usage: record.py http://HOST:PORT [errors | NAME...]

Records what llama-server says, both ways, as tests/golden/NAME.json (the one reply) and NAME.sse (the stream of the
same request with the fields that llama-keep adds). The recordings in the repository are of llama-server 0.7.0 with the
demo model, started as `engine/bundle/run.sh MODEL PORT 4 4096 -a demo --jinja --chat-template-file tools.jinja`.
`errors` wants a server with -c 320, whose pool of cells fills up in the midst of the answers.
Answers are greedy; the grammars make the tiny model say what it would not say by itself.
"""
import json
import pathlib
import sys
import threading
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
FACT = [{"role": "user", "content": "The vault code of the museum is 7341."}, {"role": "assistant", "content": "OK."},
        {"role": "user", "content": "What is the vault code of the museum?"}]
SHORT = [{"role": "user", "content": "Weather?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}}, "required": ["city"]}
EMPTY = {"type": "object", "properties": {}}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": CITY}},
         {"type": "function", "function": {"name": "now", "parameters": EMPTY}}]
CALL = SHORT + [{"role": "assistant", "content": "<tool_call>\n"}]
THINK = 'root ::= "<think>\\nhm \\"12\\"\\n</think>\\n\\nyes \\\\ 7"'
CHAT, COMPLETION = "/v1/chat/completions", "/v1/completions"
BASE = {"model": "demo", "temperature": 0, "seed": 1, "max_tokens": 24, "cache_prompt": False}
PROGRESS = {"stream": True, "return_progress": True}
USAGE = {**PROGRESS, "stream_options": {"include_usage": True}}

CASES = {  # name: (path, request)
    "chat_plain": (CHAT, {"messages": FACT}),
    "chat_two_choices": (CHAT, {"messages": FACT, "n": 2, "max_tokens": 4}),
    "chat_logprobs": (CHAT, {"messages": FACT, "logprobs": True, "top_logprobs": 2, "max_tokens": 3}),
    "chat_one_token": (CHAT, {"messages": FACT, "max_tokens": 1}),
    "chat_stop": (CHAT, {"messages": SHORT, "stop": [" lot"]}),
    "chat_verbose_stop": (CHAT, {"messages": SHORT, "stop": [" lot"], "verbose": True,
                                 "response_fields": ["stop_type", "stopping_word"]}),
    "chat_empty": (CHAT, {"messages": SHORT, "grammar": 'root ::= ""'}),
    "chat_prefill": (CHAT, {"messages": SHORT + [{"role": "assistant", "content": "Thanks for"}]}),
    "chat_format": (CHAT, {"messages": SHORT, "response_format": {"type": "json_schema", "json_schema": {
        "name": "x", "schema": {"enum": ["b"]}}}}),
    "chat_reasoning": (CHAT, {"messages": SHORT, "grammar": THINK, "max_tokens": 60}),
    "chat_tool": (CHAT, {"messages": CALL, "tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False,
                         "max_tokens": 100}),
    "chat_two_tools": (CHAT, {"messages": CALL, "tools": TOOLS, "tool_choice": "required", "ignore_eos": True,
                              "max_tokens": 90}),
    "chat_timings": (CHAT, {"messages": FACT, "timings_per_token": True}),
    "completion_plain": (COMPLETION, {"prompt": "The vault code"}),
    "completion_two_choices": (COMPLETION, {"prompt": "The vault code", "n": 2, "max_tokens": 3}),
    "completion_logprobs": (COMPLETION, {"prompt": "The vault code", "logprobs": 2, "max_tokens": 2}),
    "completion_prompts": (COMPLETION, {"prompt": ["The vault", "A door"], "max_tokens": 2}),
    "native_plain": ("/completion", {"prompt": "The vault", "n_predict": 3, "max_tokens": 3}),
    "native_tokens": ("/completion", {"prompt": "The vault", "max_tokens": 3, "return_tokens": True, "n_probs": 1}),
    "native_prompts": ("/completion", {"prompt": ["The vault", "A door"], "max_tokens": 1}),
    "messages_stop": ("/v1/messages", {"messages": SHORT, "stop_sequences": [" lot"]}),
    "messages_tool": ("/v1/messages", {
        "messages": CALL, "max_tokens": 100, "tools": [{"name": "now", "input_schema": EMPTY}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True}}),
}


def ask(path, body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(sys.argv[1] + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        return error.read()


def record(name, path, request):
    extra = USAGE if path in (CHAT, COMPLETION) else PROGRESS
    (HERE / f"{name}.json").write_bytes(ask(path, request))
    (HERE / f"{name}.sse").write_bytes(ask(path, {**request, **extra}))


def record_plain_stream(name):
    """The stream as a client gets it that asks for nothing but a stream."""
    path, request = CASES[name]
    (HERE / f"{name}.plain.sse").write_bytes(ask(path, {**BASE, **request, "id_slot": 0, "stream": True}))


def record_error(name, path, request):
    """Two endless answers fill the pool of cells: both are cut by an error event."""
    body = {**BASE, **request, **PROGRESS, "max_tokens": 4000, "n_predict": 4000, "ignore_eos": True}
    body.pop("cache_prompt")
    replies = {}
    def one(slot):
        replies[slot] = ask(path, {**body, "id_slot": slot})
    threads = [threading.Thread(target=one, args=(slot,)) for slot in (0, 1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = replies[0]
    if b'"error"' not in data:
        sys.exit(f"{name}: no error came; start the server with -c 320")
    events = data.split(b"\n\n")
    (HERE / f"{name}.sse").write_bytes(b"\n\n".join(events[:6] + [e for e in events[6:] if b'"error"' in e] + [b""]))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[2:] == ["errors"]:
        record_error("chat_error", CHAT, {"messages": SHORT})
        record_error("completion_error", COMPLETION, {"prompt": "hi"})
        return
    for name, (path, request) in CASES.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        record(name, path, {**BASE, **request, "id_slot": 0})
    for name in () if sys.argv[2:] else ("chat_plain", "chat_tool", "completion_plain"):
        record_plain_stream(name)


main()
