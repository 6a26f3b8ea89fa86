"""Makes gRPC calls with grpcio. Reads a call per line of JSON, writes its outcome as a line of JSON.

Arguments: the file of a FileDescriptorSet, the target, the file of the authorities (empty without TLS), channel options as
JSON. The fields of a call and of its outcome are those of CallOrder and Outcome in clients.ts.
"""

import base64
import json
import sys
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

descriptors, target, authorities, options = sys.argv[1:5]
pool = descriptor_pool.DescriptorPool()
with open(descriptors, "rb") as file:
    for described in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(described)
factory = message_factory.MessageFactory(pool)
channel_options = list(json.loads(options).items())
if authorities:
    with open(authorities, "rb") as file:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()), channel_options)
else:
    channel = grpc.insecure_channel(target, channel_options)
output = threading.Lock()
released = {}


def say(line):
    with output:
        print(json.dumps(line), flush=True)


def metadata_of(pairs):
    return {
        key: base64.b64encode(value).decode() if key.endswith("-bin") else value for key, value in pairs or ()
    }


class Call:
    def __init__(self, order):
        self.order = order
        self.answers = []
        self.release = threading.Event()
        self.turn = threading.Semaphore(0)
        released[order["id"]] = self.release

    def requests(self, type_):
        for index, request in enumerate(self.order["requests"]):
            if index > 0 and self.order.get("inTurn"):
                self.turn.acquire()
            yield json_format.ParseDict(request, type_())
        if self.order.get("held"):
            self.release.wait()

    def take(self, answer):
        self.answers.append(json_format.MessageToDict(answer, including_default_value_fields=True, preserving_proto_field_name=True))
        self.turn.release()
        if self.order.get("held"):
            say({"id": self.order["id"], "answered": len(self.answers)})

    def run(self):
        order = self.order
        service, name = order["rpc"].lstrip("/").split("/")
        if "as" in order:
            method = pool.FindServiceByName(order["as"].split("/")[0]).FindMethodByName(order["as"].split("/")[1])
        else:
            method = pool.FindServiceByName(service).FindMethodByName(name)
        described = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(described)
        request_type = factory.GetPrototype(method.input_type)
        answer_type = factory.GetPrototype(method.output_type)
        kind = ("stream" if described.client_streaming else "unary") + (
            "_stream" if described.server_streaming else "_unary"
        )
        stub = getattr(channel, kind)(order["rpc"], request_type.SerializeToString, answer_type.FromString)
        extra = {}
        if "timeoutMs" in order:
            extra["timeout"] = order["timeoutMs"] / 1000
        if order.get("compressed"):
            extra["compression"] = grpc.Compression.Gzip
        extra["metadata"] = [
            (key, base64.b64decode(value) if key.endswith("-bin") else value)
            for key, value in order.get("metadata", {}).items()
        ]
        if described.client_streaming:
            request = self.requests(request_type)
        else:
            request = next(self.requests(request_type))
        cancel_after = order.get("cancelAfter", -1)
        call = stub(request, **extra) if described.server_streaming else stub.future(request, **extra)
        try:
            if cancel_after == 0:
                call.cancel()
            if described.server_streaming:
                for answer in call:
                    self.take(answer)
                    if len(self.answers) == cancel_after:
                        call.cancel()
            elif cancel_after != 0:
                self.take(call.result())
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass
        self.turn.release(len(order["requests"]) + 1)
        self.release.set()
        say(
            {
                "id": order["id"],
                "code": call.code().value[0],
                "details": call.details() or "",
                "answers": self.answers,
                "initial": metadata_of(call.initial_metadata()),
                "trailers": metadata_of(call.trailing_metadata()),
            }
        )


def run(order):
    try:
        Call(order).run()
    except BaseException as error:
        say({"id": order["id"], "failure": repr(error)})


for line in sys.stdin:
    order = json.loads(line)
    if "release" in order:
        released[order["release"]].set()
    else:
        threading.Thread(target=run, args=(order,), daemon=True).start()
