"""Makes table rows of records: the columns of posts, likes, reposts, follows, blocks and profiles that come from the record itself."""
import base64
import json
import re
from datetime import datetime, timedelta, timezone

import cbor2

import frame_body

TABLES = dict(zip(frame_body.COLLECTIONS, ("posts", "likes", "reposts", "follows", "blocks", "profiles")))
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DID = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
_NSID = rf"[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}"
_HANDLE = rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?"
DID = re.compile(_DID)
URI = re.compile(rf"at://(?:{_DID}|{_HANDLE})(?:/({_NSID})(?:/((?!\.\.?$)[a-zA-Z0-9._:~-]{{1,512}}))?)?")
CID = re.compile(r"(?!Qmb)[a-zA-Z0-9+=]{8,256}")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)


class Unfit(Exception):
    """The record does not fit its table."""


class Link(str):
    """A CID inside a record."""


def _tag(_, tag):
    if tag.tag != 42 or not isinstance(tag.value, bytes) or tag.value[:2] != b"\x00\x01":
        raise Unfit(f"tag {tag.tag} is no link")
    return Link(frame_body.cid_text(tag.value[1:]))


def read(op):
    """The record's columns as a dict."""
    if not op.record:
        raise Unfit("the commit came without the record's block")
    try:
        record = cbor2.loads(op.record, tag_hook=_tag)
    except (cbor2.CBORDecodeError, UnicodeDecodeError) as error:
        raise Unfit(f"no CBOR: {error}") from error
    if not isinstance(record, dict) or record.get("$type") != op.collection:
        raise Unfit("the record must be a map whose $type is its collection")
    return _READERS[op.collection](record)


def _post(record):
    text = record.get("text")
    if not isinstance(text, str):
        raise Unfit(f"text must be text, got {type(text).__name__}")
    reply = _map(record.get("reply"))
    root, parent = _uri(reply.get("root")), _uri(reply.get("parent"))
    is_reply = root and parent
    return {
        "text": _storable(text), "langs": _texts(record.get("langs"), 3), "tags": _texts(record.get("tags"), 8),
        "reply_root": root if is_reply else None, "reply_parent": parent if is_reply else None, "quoted_uri": _quoted(record.get("embed")),
        "embed": _json(record.get("embed"), dict), "facets": _json(record.get("facets"), list), "created_at": _time(record),
    }


def _reference(record):
    subject = _map(record.get("subject"))
    uri, cid = subject.get("uri"), subject.get("cid")
    if not _matches(URI, uri) or not _matches(CID, cid):
        raise Unfit("subject must be a map of an at-URI and a CID")
    return {"subject_uri": uri, "subject_cid": cid, "created_at": _time(record)}


def _relation(record):
    if not _matches(DID, record.get("subject")):
        raise Unfit("subject must be a DID")
    return {"subject_did": record["subject"], "created_at": _time(record)}


def _profile(record):
    return {
        "display_name": _text(record.get("displayName")), "description": _text(record.get("description")),
        "avatar": _blob(record.get("avatar")), "banner": _blob(record.get("banner")), "pinned_post": _uri(record.get("pinnedPost")),
    }


_READERS = dict(zip(frame_body.COLLECTIONS, (_post, _reference, _reference, _relation, _relation, _profile)))


def _quoted(embed):
    """The post that an embed quotes; a recordWithMedia holds another embed in its `record`."""
    embed = _map(embed)
    if embed.get("$type") == "app.bsky.embed.recordWithMedia":
        embed = _map(embed.get("record"))
    if embed.get("$type", "app.bsky.embed.record") != "app.bsky.embed.record":
        return None
    uri = _uri(embed.get("record"))
    found = uri and URI.fullmatch(uri)
    return uri if found and found[1] == "app.bsky.feed.post" and found[2] else None


def _map(value):
    return value if isinstance(value, dict) else {}


def _matches(pattern, value):
    return type(value) is str and pattern.fullmatch(value) is not None


def _uri(reference):
    uri = _map(reference).get("uri")
    return uri if _matches(URI, uri) else None


def _text(value):
    return _storable(value) if type(value) is str else None


def _storable(text):
    return text.replace("\0", "\ufffd")   # PostgreSQL refuses U+0000


def _texts(value, most):
    if not isinstance(value, list) or not value or any(type(text) is not str for text in value):
        return None
    return [_storable(text) for text in value[:most]]


def _blob(value):
    blob = _map(value)
    if isinstance(blob.get("ref"), Link):
        return str(blob["ref"])
    return blob["cid"] if _matches(CID, blob.get("cid")) else None


def _json(value, kind):
    return json.dumps(_plain(value), ensure_ascii=False) if isinstance(value, kind) else None


def _plain(value):
    if isinstance(value, dict):
        return {_storable(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Link):
        return {"$link": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    return _storable(value) if isinstance(value, str) else value


def _time(record):
    return parse_time(record.get("createdAt"))


def parse_time(text):
    """A date-time of the protocol in UTC, or None."""
    found = TIME.fullmatch(text) if type(text) is str and len(text) <= 64 and not text.endswith("-00:00") else None
    if not found:
        return None
    seconds, fraction, sign, hours, minutes = found.groups()
    try:
        time = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc, microsecond=int((fraction or "0")[:6].ljust(6, "0")))
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            if int(hours) > 23 or int(minutes) > 59:
                return None
            time -= offset if sign == "+" else -offset
    except (ValueError, OverflowError):
        return None
    # PostgreSQL's driver takes the year 1's first moment for minus infinity.
    return max(time, datetime(1, 1, 1, microsecond=1, tzinfo=timezone.utc))
