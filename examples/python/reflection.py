"""Clients made of what a server says about itself (gRPC server reflection, v1): no .proto file, no generated code."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


def _message_class(descriptor):
    """The class of a message, in old and new versions of protobuf."""
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)


def _reflection_messages():
    """The part of grpc/reflection/v1/reflection.proto that is spoken here."""
    file = descriptor_pb2.FileDescriptorProto(
        name="reflection_subset.proto", package="reflection_subset", syntax="proto3"
    )

    def message(name, *fields):
        added = file.message_type.add(name=name)
        for field, number, kind, is_repeated in fields:
            label = _FIELD.LABEL_REPEATED if is_repeated else _FIELD.LABEL_OPTIONAL
            entry = added.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                entry.type, entry.type_name = _FIELD.TYPE_MESSAGE, f".reflection_subset.{kind}"
            else:
                entry.type = kind
        return added

    ask = message(
        "Request",
        ("file_by_filename", 3, _FIELD.TYPE_STRING, False),
        ("file_containing_symbol", 4, _FIELD.TYPE_STRING, False),
        ("list_services", 7, _FIELD.TYPE_STRING, False),
    )
    ask.oneof_decl.add(name="ask")
    for field in ask.field:
        field.oneof_index = 0
    message("Files", ("proto", 1, _FIELD.TYPE_BYTES, True))
    message("Service", ("name", 1, _FIELD.TYPE_STRING, False))
    message("Services", ("service", 1, "Service", True))
    message("Failure", ("code", 1, _FIELD.TYPE_INT32, False), ("message", 2, _FIELD.TYPE_STRING, False))
    message(
        "Response",
        ("files", 4, "Files", False),
        ("services", 6, "Services", False),
        ("error", 7, "Failure", False),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("Request", "Response")
    return [_message_class(pool.FindMessageTypeByName(f"reflection_subset.{name}")) for name in names]


_Request, _Response = _reflection_messages()


class ReflectedServer:
    """What a server offers, learned from itself."""

    def __init__(self, channel):
        self._channel = channel
        self._pool = descriptor_pool.DescriptorPool()
        self._files = set()
        self._info = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=_Request.SerializeToString,
            response_deserializer=_Response.FromString,
        )

    def services(self):
        """Full names of all services."""
        return sorted(service.name for service in self._ask(list_services="").services.service)

    def client(self, name):
        """A client of one service, by its full name."""
        self._collect(self._ask(file_containing_symbol=name))
        return ServiceClient(self._channel, self._pool.FindServiceByName(name))

    def _collect(self, answer):
        """Adds the files of an answer, after those that they import."""
        for serialized in answer.files.proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
            if file.name in self._files:
                continue
            self._files.add(file.name)
            for imported in file.dependency:
                if imported not in self._files:
                    self._collect(self._ask(file_by_filename=imported))
            self._pool.Add(file)

    def _ask(self, **question):
        """One question, one answer."""
        answer = next(self._info(iter([_Request(**question)]), timeout=10))
        if answer.HasField("error"):
            raise RuntimeError(f"{question}: {answer.error.message}")
        return answer


class ServiceClient:
    """Calls the methods of a reflected service; requests are given as dicts or messages."""

    def __init__(self, channel, service):
        self._channel = channel
        self._service = service

    def request(self, method, **fields):
        """A request of a method."""
        return _message_class(self._service.methods_by_name[method].input_type)(**fields)

    def unary(self, method, request, **options):
        return self._stub(self._channel.unary_unary, method)(request, **options)

    def client_stream(self, method, requests, **options):
        return self._stub(self._channel.stream_unary, method)(requests, **options)

    def server_stream(self, method, request, **options):
        return self._stub(self._channel.unary_stream, method)(request, **options)

    def _stub(self, kind, method):
        descriptor = self._service.methods_by_name[method]
        return kind(
            f"/{self._service.full_name}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=_message_class(descriptor.output_type).FromString,
        )
