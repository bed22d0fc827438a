"""verify_world - what was seen, decoded once: events of the journals, messages of the outside, rows by key.

Nothing is judged here but what cannot be read at all; that is kept in `torn`, for the invariants to tell.
"""
import calendar, collections, functools, re

from verify_format import Torn, ZERO, chain, dossier_id, entries, input_of, micros, pack, parse, text, unpack
from verify_states import JOURNALS, OUTSIDE, READS, STAGES, TYPES, load as load_moves

STAGE_OF = {name: n for n, name in enumerate(STAGES)}
HEADERS_MOST = 24
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")
RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")
TYPE = re.compile(r"vn\.dossier\.([a-z]+)\.([a-z_]+)\.v1\Z")


class Event:
    """One journal entry."""
    __slots__ = ("stage", "lane", "number", "kind", "dossier", "version", "home", "at", "cause", "data", "answer", "packed",
                 "offset", "id", "trace")

    def __str__(self):
        return f"{STAGES[self.stage]}/{self.lane}/{self.number} {self.kind}"

    @property
    def name(self):
        return f"{STAGES[self.stage]}/{self.lane}/{self.number}"


def whole(data):
    """A number from a header, or None."""
    return int(data) if data is not None and data.isdigit() and len(data) < 19 else None


def event_of(stage, lane, offset, packed, unpacked):
    """An Event, or None where headers or data are not those of one of our entries."""
    key, headers, value = unpacked
    h = dict(headers)
    kind = TYPE.match(text(h.get(b"ce_type")))
    e = Event()
    e.stage, e.lane, e.offset, e.packed = stage, lane, offset, packed
    e.number, e.version, e.home = whole(h.get(b"ce_sequence")), whole(h.get(b"ce_version")), whole(h.get(b"ce_home"))
    e.at, e.data, e.answer = micros(text(h.get(b"ce_time"))), parse(value), b"ce_answer" in h
    e.cause, e.dossier, e.id, e.trace = text(h.get(b"ce_cause")), text(key), text(h.get(b"ce_id")), h.get(b"traceparent")
    if not kind or kind[1] != STAGES[stage] or None in (e.number, e.version, e.home, e.at) or not isinstance(e.data, dict):
        return None
    e.kind = kind[2]
    return e


class Message:
    """One message from outside, as it lies on its topic."""

    @property
    def place(self):
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def stage(self):
        return OUTSIDE[self.topic]

    @functools.cached_property
    def data(self):
        return parse(self.value)


def is_printable(data, least, most):
    return data is not None and 0 < len(data) <= most and all(least <= c <= 0x7e for c in data)


def time_fault(data):
    """The rule that a ce_time breaks; None when it keeps it; "?" where opinions may differ."""
    found = RFC3339.match(text(data))
    if not found:
        return "envelope.time"
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    if not 1 <= month <= 12 or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 60:
        return "envelope.time"
    return None if 1 < year < 9999 and day <= calendar.monthrange(year, month)[1] and second < 60 and len(found[7] or "") <= 7 and (
        found[8] in "Zz" or int(found[8][1:3]) < 24 and int(found[8][4:6]) < 60) else "?"


def envelope_fault(m, names):
    """The rule of schemas/README.md that an envelope breaks, None when it is good, "?" where this reader cannot say."""
    first = {}
    for name, value in m.headers:
        first.setdefault(name.lower(), value)
    if len(m.headers) > HEADERS_MOST:
        return "envelope.headers"
    if any(n > 1 and name.startswith(b"ce_") for name, n in names.items()):
        return "envelope.duplicate"
    if first.get(b"ce_specversion") != b"1.0":
        return "envelope.specversion"
    if not is_printable(first.get(b"ce_id"), 0x20, 128):
        return "envelope.id"
    if not is_printable(first.get(b"ce_source"), 0x21, 256):
        return "envelope.source"
    if not is_printable(first.get(b"ce_type"), 0x21, 128):
        return "envelope.type"
    fault = time_fault(first[b"ce_time"]) if first.get(b"ce_time") is not None else None
    if fault:
        return fault
    if first.get(b"content-type") is None or not first[b"content-type"].startswith(b"application/json"):
        return "envelope.content_type"
    if text(first[b"ce_type"]) not in TYPES[m.topic]:
        return "envelope.type"
    if m.topic != "dossier.submissions" and not UUID.match(text(first.get(b"ce_subject"))):
        return "envelope.subject"
    return None


def message_of(topic, partition, offset, at, packed):
    m = Message()
    m.topic, m.partition, m.offset, m.at, m.packed = topic, partition, offset, at, packed
    m.key, m.headers, m.value = unpack(packed)
    first = {}
    for name, value in m.headers:
        first.setdefault(name.lower(), value)
    m.id, m.source, m.type, m.subject = (first.get(n) for n in (b"ce_id", b"ce_source", b"ce_type", b"ce_subject"))
    trace = first.get(b"traceparent")
    m.trace = trace if is_printable(trace, 0x21, 128) else None
    m.fault = envelope_fault(m, collections.Counter(name.lower() for name, _ in m.headers))
    m.dossier = m.input = None
    if m.id is not None and m.source is not None:
        m.input = input_of(m.source, m.id)
    if topic == "dossier.submissions" and m.input:
        m.dossier = dossier_id(m.source, m.id)
    elif m.subject is not None and UUID.match(text(m.subject)):
        m.dossier = text(m.subject).lower()
    return m


def follows(lane, number, packed, claimed):
    """Would a reader who has all that the table knows take it?"""
    before = ZERO if number == 1 else lane.hashes.get(number - 1)
    return before is not None and claimed == chain(before, number, packed).hex().encode()


class Lane:
    """One journal partition, as the table has it and as the topic has it."""

    def __init__(self, stage, lane):
        self.stage, self.lane, self.torn = stage, lane, []
        self.table = {}             # number -> packed
        self.heads = {}             # last number of a block -> its head
        self.copies = {}            # number -> [(offset, packed, chain)] on the topic
        self.foreign = []           # (offset, why) of what is no entry of ours
        self.dropped = []           # offsets of what strangers wrote, where that is to be expected
        self.events = {}            # number -> Event, of the topic's copies
        self.hashes = {}            # number -> chain's value, reckoned from the table
        self.order = None

    def __str__(self):
        return f"{JOURNALS[self.stage]}/{self.lane}"

    def in_order(self):
        """(offset, number, does its chain fit?) of all that lies on the topic."""
        if self.order is None:
            found = {offset: (0, False) for offset in [o for o, _ in self.foreign] + self.dropped}
            for number, copies in self.copies.items():
                wanted = self.hashes.get(number, b"").hex().encode()
                for offset, packed, claimed in copies:
                    found[offset] = number, packed is self.table.get(number) and claimed == wanted
            self.order = [(offset, *found[offset]) for offset in sorted(found)]
        return self.order


class World:
    def __init__(self, seen, strangers=False):
        self.seen, self.now, self.strangers = seen, seen.now, strangers
        self.moves = load_moves()
        t = seen.tables
        self.lane_rows = {(r["stage"], r["lane"]): r for r in t["lane"]}
        self.dossiers = {r["id"]: r for r in t["dossier"]}
        self.jobs, self.dead_ever = t["job"], {(r["topic"], r["partition"], r["offset"]): r for r in t["deadletter"]}
        # Tried again and taken, one has ended as something else; it is kept as evidence.
        self.dead = {place: r for place, r in self.dead_ever.items() if r["redriven_at"] is None}
        self.orders, self.parcels = {r["order_id"]: r for r in t["order"]}, {r["parcel_id"]: r for r in t["parcel"]}
        self.ledgers = seen.ledgers
        self.contents = collections.defaultdict(list)
        for row in t["content"]:
            self.contents[row["dossier"]].append(row)
        self.read_journals()
        self.read_outside()
        self.group()

    # journals

    def read_journals(self):
        self.lanes = {}
        for topic, stage in zip(JOURNALS, range(7)):
            for lane in range(len(self.seen.topics[topic])):
                self.lanes[stage, lane] = Lane(stage, lane)
        for row in self.seen.tables["journal"]:
            self.read_block(row)
        for place, lane in self.lanes.items():
            self.read_hashes(lane)
            self.read_copies(lane, self.seen.topics[JOURNALS[lane.stage]][lane.lane])

    def read_block(self, row):
        lane = self.lanes.get((row["stage"], row["lane"]))
        if lane is None:
            return
        span = f"block {row['first']}–{row['last']}"
        try:
            found = entries(row["entries"])
        except Torn as why:
            lane.torn.append(f"{lane}: {span} is torn: {why}")
            return
        if len(found) != row["last"] - row["first"] + 1:
            lane.torn.append(f"{lane}: {span} holds {len(found)} entries")
        for number, packed in enumerate(found, row["first"]):
            if number in lane.table:
                lane.torn.append(f"{lane}: {number} is in two blocks")
            lane.table[number] = packed
        lane.heads[row["last"]] = row["head"]

    @staticmethod
    def read_hashes(lane):
        before = ZERO
        for number in range(1, len(lane.table) + 1):
            if number not in lane.table:
                return
            lane.hashes[number] = before = chain(before, number, lane.table[number])

    def read_copies(self, lane, part):
        """What stands on the topic. Of two copies the table's counts; what the table does not know, when its chain fits."""
        known = set()
        for offset, _, packed, claimed in part.messages:
            unpacked = unpack(packed)
            number = next((whole(v) for n, v in unpacked[1] if n == b"ce_sequence"), None)
            if self.strangers and (lane.table.get(number) != packed or claimed != lane.hashes.get(number, b"").hex().encode()):
                lane.dropped.append(offset)
                continue
            if claimed is None or not number:
                lane.foreign.append((offset, "has no number or no chain"))
                continue
            stored = lane.table.get(number)
            if stored == packed:
                packed = stored                     # one object for both
            lane.copies.setdefault(number, []).append((offset, packed, claimed))
            if number in known or (number in lane.events and packed is not stored):
                continue
            if stored is None and not follows(lane, number, packed, claimed):
                continue
            e = event_of(lane.stage, lane.lane, offset, packed, unpacked)
            if e is None:
                lane.foreign.append((offset, f"number {number} is no entry that can be read"))
                continue
            lane.events[number] = e
            if packed is stored:
                known.add(number)

    # outside

    def read_outside(self):
        self.messages, self.about = {}, collections.defaultdict(list)
        for topic in OUTSIDE:
            for partition, part in enumerate(self.seen.topics[topic]):
                for offset, at, packed, claimed in part.messages:
                    if claimed is not None:         # a header named like our chain, from somebody else
                        packed = with_header(packed, claimed)
                    m = message_of(topic, partition, offset, at, packed)
                    self.messages[m.place] = m
                    self.about[m.dossier].append(m)

    @functools.cached_property
    def shown(self):
        """[(partition, offset, key, headers, value, packed)] of dossier.status."""
        return [(partition, offset, *unpack(packed), packed) for partition, part in enumerate(self.seen.topics["dossier.status"])
                for offset, _, packed, _ in part.messages]

    # by dossier, by cause

    def group(self):
        self.events = [e for lane in self.lanes.values() for _, e in sorted(lane.events.items())]
        self.by_dossier, self.by_cause = collections.defaultdict(list), collections.defaultdict(list)
        for e in self.events:
            if not e.answer:
                self.by_dossier[e.dossier].append(e)
            self.by_cause[e.stage, e.cause].append(e)
        for found in self.by_dossier.values():
            found.sort(key=lambda e: (e.version, e.stage, e.number))
        self.jobs_of = collections.defaultdict(list)
        self.job_at = {}                            # (stage, place) of a message -> its row
        for row in self.jobs:
            self.jobs_of[row["dossier"]].append(row)
            row["place"] = self.place_of(row)
            if row["kind"] in (0, 3) and row["place"]:
                self.job_at.setdefault((row["stage"], row["place"]), []).append(row)
        self.by_name = {e.name: e for e in self.events}

    @staticmethod
    def place_of(row):
        """topic/partition/offset of a message that waits: its row says it in front of the message."""
        message = row["message"]
        topic, partition, offset = (int.from_bytes(message[n:n + 8], "big", signed=True) for n in (0, 8, 16))
        topics = READS[row["stage"]] if row["stage"] < len(READS) else []
        return f"{topics[topic]}/{partition}/{offset}" if 0 <= topic < len(topics) and len(message) > 32 else None

    def waiting(self, dossier, *stages):
        """Jobs of a dossier, of these stages or any."""
        return [j for j in self.jobs_of.get(dossier, []) if not stages or j["stage"] in stages]

    def position(self, stage, lane, topic):
        """How far the lane has read the topic's partition."""
        row = self.lane_rows.get((stage, lane))
        return max(row["next_offset"][READS[stage].index(topic)], 0) if row else 0

    def read_as_reader(self, topic, lane, below):
        """(last number taken, messages dropped) by who takes only n+1 whose chain fits, up to an offset."""
        lane = self.lanes[JOURNALS.index(topic), lane]
        last = dropped = 0
        for offset, number, fits in lane.in_order():
            if offset >= below:
                break
            if number == last + 1 and fits:
                last = number
            else:
                dropped += 1
        return last, dropped

    def ledger(self, service, **match):
        return [l for l in self.ledgers.get(service, []) if all(l.get(k) == v for k, v in match.items())]


def with_header(packed, claimed):
    """The last header back in its place."""
    key, headers, value = unpack(packed)
    return pack(key, headers + [(b"ce_chain", claimed)], value)
