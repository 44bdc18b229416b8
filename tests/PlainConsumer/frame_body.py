"""Reads version 1 of the body in which a frame waits in the stream; its layout is described in apps/Firehose/Decoding/FrameBody.cs."""
import base64
from typing import NamedTuple, Optional

KINDS = ("unknown", "commit", "sync", "identity", "account", "info", "error")
ACTIONS = ("create", "update", "delete")
COLLECTIONS = (
    "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow", "app.bsky.graph.block", "app.bsky.actor.profile",
    "app.bsky.feed.threadgate", "app.bsky.feed.postgate", "app.bsky.feed.generator",
    "app.bsky.graph.list", "app.bsky.graph.listitem", "app.bsky.graph.listblock", "app.bsky.graph.starterpack", "app.bsky.graph.verification",
    "app.bsky.actor.status", "app.bsky.labeler.service", "app.bsky.notification.declaration", "chat.bsky.actor.declaration",
)
PARTS = ("time", "rev", "since", "commit", "prev_data", "data", "handle", "status", "name", "message")
CID_PARTS = ("commit", "prev_data", "data")
ACTIVE = 1 << len(PARTS)
HAS_CID, HAS_PREV = 4, 8


class Op(NamedTuple):
    action: str
    collection: str
    key: str
    cid: Optional[str]
    record: bytes


class Frame:
    """A frame's fields; those that its kind does not have are None."""
    __slots__ = ("kind", "active", "seq", "did", "ops", *PARTS)


class BadBody(Exception):
    pass


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def byte(self):
        self.at += 1
        return self.body[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value
            shift += 7

    def bytes(self, length=None):
        if length is None:
            length = self.number()
        self.at += length
        if self.at > len(self.body):
            raise IndexError
        return self.body[self.at - length:self.at]

    def text(self):
        return self.bytes().decode()

    def cid(self):
        codec = self.bytes(1)
        return cid_text(b"\x01" + codec + b"\x12\x20" + self.bytes(32))

    def op(self):
        head, place = self.byte(), self.number()
        collection = COLLECTIONS[place - 1] if place else self.text()
        key = self.text()
        cid = self.cid() if head & HAS_CID else None
        if head & HAS_PREV:
            self.cid()
        return Op(ACTIONS[head & 3], collection, key, cid, self.bytes())


def cid_text(binary):
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def read(body):
    reader = Reader(body)
    try:
        version = reader.byte()
        if version != 1:
            raise BadBody(f"version {version} of a stored body is not supported")
        frame = Frame()
        frame.kind = KINDS[reader.byte()]
        parts = reader.number()
        frame.seq, frame.did, frame.active = reader.number(), reader.text(), bool(parts & ACTIVE)
        for bit, part in enumerate(PARTS):
            value = None
            if parts & 1 << bit:
                value = reader.cid() if part in CID_PARTS else reader.text()
            setattr(frame, part, value)
        frame.ops = [reader.op() for _ in range(reader.number())]
    except (IndexError, UnicodeDecodeError) as error:
        raise BadBody(f"this is no stored body: {error!r} at {reader.at}") from error
    if reader.at != len(body):
        raise BadBody(f"{len(body) - reader.at} bytes are left over")
    return frame
