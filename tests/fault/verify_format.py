"""verify_format - bytes as the design says them, read and reckoned anew: records, chains, ids, times.

Nothing here is taken from the programs; schemas/README.md and DESIGN (promises 4 and 5 of its messages) are the source.
"""
import datetime, hashlib, json, struct, uuid

ABSENT = b"\xff\xff\xff\xff"
ZERO = bytes(32)
U32 = struct.Struct(">I")
INFINITY = 2 ** 63 - 1
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Torn(Exception):
    pass


def lp(data):
    return ABSENT if data is None else len(data).to_bytes(4, "big") + data


def pack(key, headers, value):
    """LP(key) count { LP(name) LP(value) }* LP(value): how a message lies in the database."""
    parts = [lp(key), len(headers).to_bytes(4, "big")]
    for name, content in headers:
        parts.append(len(name).to_bytes(4, "big"))
        parts.append(name)
        parts.append(ABSENT if content is None else len(content).to_bytes(4, "big") + content)
    parts.append(lp(value))
    return b"".join(parts)


def take(data, at):
    if at + 4 > len(data):
        raise Torn("a length is cut off")
    n = U32.unpack_from(data, at)[0]
    at += 4
    if n == 0xffffffff:
        return None, at
    if at + n > len(data):
        raise Torn("a run is cut off")
    return data[at:at + n], at + n


def unpack(data):
    """(key, [(name, value)], value)."""
    word, ends, runs = U32.unpack_from, len(data), []
    try:
        n = word(data, 0)[0]
        key, at = (None, 4) if n == 0xffffffff else (data[4:4 + n], 4 + n)
        count, at = word(data, at)[0], at + 4
        for _ in range(2 * count + 1):
            n = word(data, at)[0]
            at += 4
            if n == 0xffffffff:
                runs.append(None)
            else:
                runs.append(data[at:at + n])
                at += n
    except struct.error:
        raise Torn("it is cut off")
    if at != ends:
        raise Torn("it is cut off" if at > ends else "something follows the value")
    return key, list(zip(runs[0:-1:2], runs[1::2])), runs[-1]


def chain(before, number, packed):
    """SHA-256 over the hash before, and length-prefixed: number, key, headers in order, value."""
    decimal = b"%d" % number
    n = U32.unpack_from(packed, 0)[0]
    body = 8 if n == 0xffffffff else 8 + n          # behind the key and the count
    digest = hashlib.sha256(before)
    digest.update(len(decimal).to_bytes(4, "big") + decimal)
    digest.update(packed[:body - 4])
    digest.update(packed[body:])
    return digest.digest()


def entries(block):
    """The packed records of a journal block."""
    found, at = [], 0
    while at < len(block):
        one, at = take(block, at)
        found.append(one)
    return found


def dossier_id(source, id):
    d = bytearray(hashlib.sha256(lp(source) + lp(id)).digest()[:16])
    d[6] = d[6] & 0x0f | 0x80
    d[8] = d[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(d)))


def input_of(source, id):
    return hashlib.sha256(lp(source) + lp(id)).hexdigest()[:32]


def micros(text):
    """Microseconds since 1970 of an RFC 3339 text; None when it is none."""
    try:
        at = datetime.datetime.fromisoformat(text)
        return (at - EPOCH) // datetime.timedelta(microseconds=1)
    except (ValueError, TypeError, OverflowError):
        return None


def parse(value):
    """JSON, or None. Whatever it is, it does not stop us."""
    try:
        return json.loads(str(value, "utf-8")) if value is not None else None
    except (ValueError, RecursionError):
        return None


def text(data):
    """Bytes for people."""
    return "none" if data is None else data.decode("utf-8", "backslashreplace")
