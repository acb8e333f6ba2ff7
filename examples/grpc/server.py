"""A shop that speaks gRPC: server.py ADDRESS...

Each address is a server of its own that says who it is. Messages are text as it is: gRPC asks for no protobuf.
"""

import sys
from concurrent import futures

import grpc


def serve(address):
    def list_items(request, context):
        for item in (b"boots", b"hats", b"scarves"):
            yield item

    def place(request, context):
        if not request:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "order something")
        context.set_trailing_metadata((("x-served-by", address),))
        return b"placed: " + request

    def watch(requests, context):
        for number, request in enumerate(requests, start=1):
            yield b"%d: %s" % (number, request)

    services = {
        "shop.Catalogue": {"List": grpc.unary_stream_rpc_method_handler(list_items)},
        "shop.Orders": {
            "Place": grpc.unary_unary_rpc_method_handler(place),
            "Watch": grpc.stream_stream_rpc_method_handler(watch),
        },
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, methods) for name, methods in services.items())
    )
    server.add_insecure_port(address)
    server.start()
    return server


servers = [serve(address) for address in sys.argv[1:]]
for server in servers:
    server.wait_for_termination()
