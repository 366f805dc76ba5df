"""Between llama-keep and llama-server: makes the tiny model do what an agent needs of a model.

It could not choose a tool by itself. A request that offers tools and has no result yet is given to
llama-server with one of them, its arguments as constants, and the call as the only way to go on;
once there is a result, with a sentence as the only answer. llama-keep sees what the agent sent, the
agent sees what llama-server answered, byte for byte.
"""
import http.client
import http.server
import json
import threading

HOP = {"host", "content-length", "connection"}


class Steer:
    """A proxy on a port of its own. `calls`: tool -> arguments; `answer`: what is said in the end."""

    def __init__(self, engine_port, calls, answer):
        self.engine_port, self.calls, self.answer = engine_port, calls, answer
        steer = self

        class Handler(_Handler):
            def edited(self, body):
                return steer.edit(body)

            engine = engine_port

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def edit(self, body):
        request = json.loads(body)
        tools = request.pop("tools", [])
        request.pop("tool_choice", None)
        if any(message["role"] == "tool" for message in request["messages"]):
            request["grammar"] = f'root ::= "{self.answer}"'
        elif wanted := [tool for tool in tools if tool["function"]["name"] in self.calls]:
            self.force(request, wanted[0])
        return json.dumps(request).encode()

    def force(self, request, tool):
        arguments = self.calls[tool["function"]["name"]]
        tool["function"]["parameters"] = {
            "type": "object", "required": list(arguments), "additionalProperties": False,
            "properties": {name: {"const": value} for name, value in arguments.items()}}
        request |= {"tools": [tool], "tool_choice": "required", "parallel_tool_calls": False}
        request["messages"].append({"role": "assistant", "content": "<tool_call>\n"})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.relay(None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path in ("/v1/chat/completions", "/apply-template"):
            body = self.edited(body)
        self.relay(body)

    def relay(self, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.engine)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        upstream.request(self.command, self.path, body, headers)
        reply = upstream.getresponse()
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() != "transfer-encoding":
                self.send_header(name, value)
        self.send_header("Connection", "close")  # where no length is told the end is the end
        self.close_connection = True
        self.end_headers()
        try:
            while piece := reply.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:  # the proxy left, as it does when its client has
            pass
        upstream.close()
