"""Two clients take turns through the proxy. Neither sends an id; each resends its whole history."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
LOG = HERE.parents[1] / "build" / "run" / "demo.log"
TALKS = {
    "museum": ["Please remember: The vault code of the museum is 7341.",
               "The owner of the harbor is Klara.",
               "What is the vault code of the museum?",
               "Who is the owner of the harbor?"],
    "castle": ["By the way, the door code of the castle is 5208.",
               "My dog's name is Bruno.",
               "What is the door code of the castle?",
               "What is my dog's name?"],
}
COLUMNS = "{:<8} {:>4} {:>4}  {:<18} {:>6} {:>9} {:>8}  {}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def chat(port, messages):
    """-> (headers, text, timings of the final chunk, ms until the first text)"""
    body = {"messages": messages, "stream": True, "temperature": 0, "max_tokens": 40}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.monotonic()
    connection.request("POST", "/v1/chat/completions", json.dumps(body),
                       {"Content-Type": "application/json"})
    reply = connection.getresponse()
    if reply.status != 200:
        sys.exit(f"demo: status {reply.status}: {reply.read().decode()}")
    text, timings, ttft = "", {}, None
    for line in reply:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        timings = event.get("timings", timings)
        for choice in event["choices"]:
            text += choice["delta"].get("content") or ""
        if text and ttft is None:
            ttft = 1000 * (time.monotonic() - begun)
    connection.close()
    return reply.headers, text, timings, ttft or 0


def converse(port):
    """Runs the turns interleaved, prints the table -> list of faults."""
    faults, slots, histories = [], {}, {name: [] for name in TALKS}
    print(COLUMNS.format("client", "turn", "slot", "conversation", "cached", "prefilled", "TTFT ms",
                         "answer"))
    for turn in range(len(TALKS["museum"])):
        for name, history in histories.items():
            history.append({"role": "user", "content": TALKS[name][turn]})
            headers, text, timings, ttft = chat(port, history)
            history.append({"role": "assistant", "content": text})
            slot, conversation = headers.get("X-Keep-Slot"), headers.get("X-Keep-Conversation", "")
            cached = timings.get("cache_n", 0)
            print(COLUMNS.format(name, turn + 1, slot or "-", conversation[:18], cached,
                                 timings.get("prompt_n", 0), f"{ttft:.1f}", text[:50]))
            if slot is None or slots.setdefault(name, slot) != slot:
                faults.append(f"{name}, turn {turn + 1}: slot {slot}, was {slots.get(name)}")
            if turn > 0 and cached == 0:
                faults.append(f"{name}, turn {turn + 1}: nothing was cached")
    if len(set(slots.values())) < len(TALKS):
        faults.append(f"the conversations share a slot: {slots}")
    return faults


def main():
    LOG.parent.mkdir(parents=True, exist_ok=True)
    port = free_port()
    ports = {"KEEP_PORT": str(port), "ENGINE_PORT": str(free_port())}
    with LOG.open("w") as log:
        up = subprocess.Popen([HERE / "up.sh"], env={**os.environ, **ports}, text=True,
                              stdout=subprocess.PIPE, stderr=log)
    try:
        if not any(line.startswith("ready ") for line in up.stdout):
            sys.exit(f"demo: the proxy did not start, the end of {LOG}:\n{LOG.read_text()[-2000:]}")
        faults = converse(port)
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait()
    for fault in faults:
        print("demo: " + fault)
    if not faults:
        print("demo: each conversation kept its slot, and nothing was prefilled twice")
    return 1 if faults else 0


sys.exit(main())
