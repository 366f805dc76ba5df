"""A llama-server that is a script: it answers at once what its owner says, and holds no model."""
import http.server
import json
import threading

BYTES_PER_TOKEN = 4
TEMPLATE = "<|im_start|>{role}\n{content}<|im_end|>\n"


class Scripted:
    """`answer` gets the body of a chat completion and returns a text; it is called by many threads."""

    def __init__(self, answer, slots=4, n_ctx=1024):
        self.answer, self.slots, self.n_ctx = answer, slots, n_ctx
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.script = self
        self.port = self.server.server_address[1]

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def props(self):
        return {"default_generation_settings": {"n_ctx": self.n_ctx, "params": {}},
                "total_slots": self.slots, "model_path": "scripted.gguf", "chat_template": "scripted",
                "endpoint_slots": True, "endpoint_props": False, "build_info": "b0-scripted"}

    def apply_template(self, body):
        """-> (reply, status)"""
        return {"prompt": render(body["messages"])}, 200

    def holds(self, slot):
        """-> more of what /slots says of one"""
        return {}

    def evaluate(self, body):
        """-> reply to a prompt of /completion that is only read; None: there is no such endpoint"""
        return None

    def cached(self, body, prompt):
        """-> how many tokens of the rendered prompt of a chat completion are found in a cache"""
        return 0

    def complete(self, body):
        """-> (text, usage and timings)"""
        text = self.answer(body)
        rendered = render(body["messages"])
        prompt, spent, cached = count(rendered), max(1, count(text)), self.cached(body, rendered)
        return text, {
            "usage": {"prompt_tokens": prompt, "completion_tokens": spent, "total_tokens": prompt + spent,
                      "prompt_tokens_details": {"cached_tokens": cached}},
            "timings": {"cache_n": cached, "prompt_n": prompt - cached, "prompt_ms": 1.0, "predicted_n": spent,
                        "predicted_ms": 1.0}}


def render(messages):
    return "".join(TEMPLATE.format(**message) for message in messages)


def count(text):
    return len(text.encode()) // BYTES_PER_TOKEN + 1


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *_):
        """A proxy that was killed has reset its connections."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def do_GET(self):
        script = self.server.script
        replies = {"/health": {"status": "ok"}, "/props": script.props(),
                   "/slots": [{"id": i, "n_ctx": script.n_ctx, "speculative": False, "is_processing": False, **script.holds(i)}
                              for i in range(script.slots)]}
        self.send(replies.get(self.path))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/chat/completions":
            self.chat(body)
        elif self.path == "/tokenize":
            self.send({"tokens": [0] * count(body["content"])})
        elif self.path == "/apply-template":
            self.send(*self.server.script.apply_template(body))
        elif self.path == "/completion":
            self.send(self.server.script.evaluate(body))
        else:
            self.send(None)

    def chat(self, body):
        text, costs = self.server.script.complete(body)
        common = {"id": "chatcmpl-scripted", "created": 1700000000, "model": "scripted"}
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            self.send({**common, "object": "chat.completion", **costs,
                       "choices": [{"index": 0, "finish_reason": "stop", "message": message}]})
            return
        events = [([{"index": 0, "finish_reason": None, "delta": {"role": "assistant", "content": text}}], {}),
                  ([{"index": 0, "finish_reason": "stop", "delta": {}}], costs)]
        lines = [json.dumps({**common, "object": "chat.completion.chunk", "choices": choices, **more})
                 for choices, more in events]
        self.send_bytes("".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode(),
                        "text/event-stream")

    def send(self, body, status=200):
        if body is None:
            self.send_bytes(b'{"error":{"message":"File Not Found"}}', "application/json", 404)
        else:
            self.send_bytes(json.dumps(body).encode(), "application/json", status)

    def send_bytes(self, data, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
