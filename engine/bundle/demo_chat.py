"""One streamed turn of a chat, with what the demo shows of it."""
import dataclasses
import http.client
import json
import sys
import time


@dataclasses.dataclass
class Turn:
    headers: http.client.HTTPMessage
    text: str = ""
    cached: int = 0     # prompt tokens that were in the slot
    prefilled: int = 0  # and those that were not
    ttft_ms: float = 0


def chat(port, messages, max_tokens=40):
    body = {"messages": messages, "stream": True, "temperature": 0, "max_tokens": max_tokens}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.monotonic()
    connection.request("POST", "/v1/chat/completions", json.dumps(body),
                       {"Content-Type": "application/json"})
    reply = connection.getresponse()
    if reply.status != 200:
        sys.exit(f"demo: status {reply.status}: {reply.read().decode()}")
    turn = Turn(reply.headers)
    for line in reply:
        if line.startswith(b"data: {"):
            read_event(turn, json.loads(line[6:]))
        if turn.text and not turn.ttft_ms:
            turn.ttft_ms = 1000 * (time.monotonic() - begun)
    connection.close()
    return turn


def read_event(turn, event):
    for choice in event["choices"]:
        turn.text += choice["delta"].get("content") or ""
    if timings := event.get("timings"):
        turn.cached, turn.prefilled = timings["cache_n"], timings["prompt_n"]


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}
