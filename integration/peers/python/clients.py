"""Python's clients through Tidegate: http.client, httpx by HTTP/2, grpcio with all four kinds of call.

    clients.py http ADDRESS      http.client against an echo upstream
    clients.py httpx ADDRESS     httpx, HTTP/1.1 and HTTP/2, against the same
    clients.py grpc ADDRESS      grpcio against `clients.py grpc-server`
    clients.py grpc-server       serves it, and prints its address
"""

import http.client
import sys
import threading
import time
from concurrent import futures


def check(name, condition, seen=None):
    if not condition:
        sys.exit(f"{name}: {seen!r}")
    print("ok", name, flush=True)


def run_http(address):
    connection = http.client.HTTPConnection(address, timeout=20)
    for size in (0, 1, 65536, 3 << 20):
        body = b"x" * size
        connection.request("POST", "/a?b=c", body=body)
        answer = connection.getresponse()
        check(f"post {size}", (answer.status, answer.read() == body) == (200, True), answer.status)
        check("path", answer.headers["x-path"] == "/a?b=c", answer.headers["x-path"])
        connection.request("POST", "/", body=iter([body[:10], body[10:]]), encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        answer = connection.getresponse()
        check(f"post {size} in chunks", (answer.status, answer.read() == body) == (200, True), answer.status)
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    check("head", (answer.status, answer.read()) == (200, b""), answer.status)
    connection.request("GET", "/")
    check("get afterwards", connection.getresponse().status == 200)


def run_httpx(address):
    import httpx

    for options in ({"http1": True, "http2": False}, {"http1": False, "http2": True}):
        with httpx.Client(base_url=f"http://{address}", timeout=20, **options) as client:
            answer = client.get("/a?b=c")
            version = "HTTP/2" if options["http2"] else "HTTP/1.1"
            check(f"{version} get", (answer.status_code, answer.http_version) == (200, version), answer.http_version)
            check("path", answer.headers["x-path"] == "/a?b=c", answer.headers)
            body = b"y" * (1 << 20)
            check(f"{version} post", client.post("/", content=body).content == body)
            check(f"{version} stream up", client.post("/", content=iter([body, body])).content == body + body)
            with client.stream("POST", "/", content=body) as answer:
                check(f"{version} stream down", sum(map(len, answer.iter_bytes())) == len(body))


# Messages are bytes as they are: gRPC asks for no protobuf.
def _same(data):
    return data


def serve_grpc():
    import grpc

    def unary(request, context):
        context.send_initial_metadata((("x-initial", "1"),))
        context.set_trailing_metadata((("x-trailing", "2"),))
        return request

    def fail(request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no: \u00e4 %")

    def down(request, context):
        for number in range(int(request)):
            yield b"%d" % number

    def up(requests, context):
        return b"%d" % sum(len(request) for request in requests)

    def both(requests, context):
        yield from requests

    def wait(request, context):
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(30)
        left.append(gone.is_set())
        return b""

    def asked(request, context):
        deadline = time.monotonic() + 5
        while not left and time.monotonic() < deadline:
            time.sleep(0.01)
        return repr(left).encode()

    left = []
    methods = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary, _same, _same),
        "Fail": grpc.unary_unary_rpc_method_handler(fail, _same, _same),
        "Wait": grpc.unary_unary_rpc_method_handler(wait, _same, _same),
        "Left": grpc.unary_unary_rpc_method_handler(asked, _same, _same),
        "Down": grpc.unary_stream_rpc_method_handler(down, _same, _same),
        "Up": grpc.stream_unary_rpc_method_handler(up, _same, _same),
        "Both": grpc.stream_stream_rpc_method_handler(both, _same, _same),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.T", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


def run_grpc(address):
    import grpc

    with grpc.insecure_channel(address) as channel:
        unary, call = channel.unary_unary("/t.T/Unary").with_call(b"hello", timeout=20)
        check("unary", unary == b"hello", unary)
        check("initial metadata", ("x-initial", "1") in tuple(call.initial_metadata()), call.initial_metadata())
        check("trailing metadata", ("x-trailing", "2") in tuple(call.trailing_metadata()), call.trailing_metadata())
        large = b"z" * (3 << 20)
        check("large unary", channel.unary_unary("/t.T/Unary")(large, timeout=20) == large)
        check("empty unary", channel.unary_unary("/t.T/Unary")(b"", timeout=20) == b"")
        try:
            channel.unary_unary("/t.T/Fail")(b"", timeout=20)
            sys.exit("a failure succeeded")
        except grpc.RpcError as error:
            check("failure", (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "no: \u00e4 %"),
                  (error.code(), error.details()))
        try:
            channel.unary_unary("/t.T/Nothing")(b"", timeout=20)
            sys.exit("an unknown method succeeded")
        except grpc.RpcError as error:
            check("unknown method", error.code() == grpc.StatusCode.UNIMPLEMENTED, error.code())
        answers = list(channel.unary_stream("/t.T/Down")(b"1000", timeout=20))
        check("server streaming", answers == [b"%d" % number for number in range(1000)], len(answers))
        answer = channel.stream_unary("/t.T/Up")(iter([b"abc"] * 1000), timeout=20)
        check("client streaming", answer == b"3000", answer)
        answers = channel.stream_stream("/t.T/Both")(iter([b"%d" % number for number in range(1000)]), timeout=20)
        check("both streaming", list(answers) == [b"%d" % number for number in range(1000)])
        with futures.ThreadPoolExecutor(max_workers=32) as pool:
            calls = [pool.submit(channel.unary_unary("/t.T/Unary"), b"%d" % number, 20) for number in range(500)]
            check("many at once", [call.result() for call in calls] == [b"%d" % number for number in range(500)])
        try:
            channel.unary_unary("/t.T/Wait")(b"", timeout=0.3)
            sys.exit("a wait ended")
        except grpc.RpcError as error:
            check("deadline", error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error.code())
        check("the server knew", channel.unary_unary("/t.T/Left")(b"", timeout=20) == b"[True]")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {"http": run_http, "httpx": run_httpx, "grpc": run_grpc, "grpc-server": serve_grpc}[command](*arguments)
