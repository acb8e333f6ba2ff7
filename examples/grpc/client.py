"""Calls the shop: client.py ADDRESS METHOD [MESSAGE...] [NAME=VALUE...]

`x-group=beta` is metadata. A method that is called Watch gets its messages as a stream.
"""

import sys

import grpc

address, method, *words = sys.argv[1:]
metadata = [tuple(word.split("=", 1)) for word in words if "=" in word]
messages = [word.encode() for word in words if "=" not in word]
with grpc.insecure_channel(address) as channel:
    try:
        if method.endswith("/Watch"):
            answers = channel.stream_stream(method)(iter(messages), metadata=metadata, timeout=10)
        elif method.endswith("/List"):
            answers = channel.unary_stream(method)(b"", metadata=metadata, timeout=10)
        else:
            answer, call = channel.unary_unary(method).with_call(b" ".join(messages), metadata=metadata, timeout=10)
            answers = [answer, *(f"{name}: {value}".encode() for name, value in call.trailing_metadata())]
        for answer in answers:
            print(answer.decode())
    except grpc.RpcError as error:
        print(f"{error.code().name}: {error.details()}")
