"""verify_read - everything that the checker looks at, read once: topics, tables, ledgers. One object, which a file can hold.

Topics are read with a consumer of their own, without a group, from their beginning to the end at that moment.
"""
import bisect, datetime, glob, json, os, pickle, time

import confluent_kafka as kafka
import psycopg2, psycopg2.extensions

from verify_format import INFINITY, pack
from verify_raw import headers_at
from verify_states import READS, STAGES, topics as all_topics


class CannotLook(Exception):
    """What is needed for a verdict is not there."""


class Part:
    """One partition: low, end, and its messages as (offset, broker's µs, packed without chain, chain or None)."""
    __slots__ = ("low", "end", "messages")

    def __init__(self, low, end, messages):
        self.low, self.end, self.messages = low, end, messages

    def at(self, offset):
        """The message at an offset, or None."""
        n = bisect.bisect_left(self.messages, (offset,))
        return self.messages[n] if n < len(self.messages) and self.messages[n][0] == offset else None


class Seen:
    """What was seen. topics: {name: [Part by partition]}; tables: {name: [row]}; ledgers: {service: [line]}."""

    def __init__(self):
        self.topics, self.tables, self.ledgers, self.acknowledged = {}, {}, {}, None
        self.now = 0                                    # of the database, µs
        self.troubles = []                              # why the world was not quiet

    def save(self, path):
        with open(path, "wb") as f:
            pickle.dump(self.__dict__, f, 5)

    @staticmethod
    def load(path):
        seen = Seen()
        with open(path, "rb") as f:
            seen.__dict__.update(pickle.load(f))
        return seen


# --- topics --------------------------------------------------------------------------------------------------------------

def record(message):
    """(packed without the chain, the chain's value or None)."""
    headers = message.headers() or []
    chain = None
    if headers and headers[-1][0] == "ce_chain":
        chain = headers[-1][1]
        headers = headers[:-1]
    return pack(message.key(), [(name.encode(), value) for name, value in headers], message.value()), chain


class Topics:
    """A consumer for as long as we look."""

    def __init__(self, broker):
        self.broker = broker
        self.consumer = kafka.Consumer({
            "bootstrap.servers": broker, "group.id": "verify", "enable.auto.commit": False, "enable.partition.eof": True,
            "auto.offset.reset": "error", "fetch.wait.max.ms": 10, "queued.min.messages": 200000,
            "queued.max.messages.kbytes": 262144, "fetch.message.max.bytes": 4194304, "fetch.max.bytes": 67108864,
            "isolation.level": "read_committed", "log_level": 0, "error_cb": lambda error: None})

    def partitions(self):
        found = self.consumer.list_topics(timeout=10).topics
        missing = [name for name in all_topics() if name not in found]
        if missing:
            raise CannotLook(f"broker {self.broker} has no topic {', '.join(missing)}")
        return {name: len(found[name].partitions) for name in all_topics()}

    def ends(self, names=None):
        """{(topic, partition): end}."""
        return {(name, p): self.consumer.get_watermark_offsets(kafka.TopicPartition(name, p), timeout=20)[1]
                for name, n in self.partitions().items() if names is None or name in names for p in range(n)}

    def read(self):
        """{topic: [Part]} up to the ends of now."""
        counts = self.partitions()
        parts = {(name, p): Part(-1, -1, []) for name, n in counts.items() for p in range(n)}
        self.consumer.assign([kafka.TopicPartition(name, p, kafka.OFFSET_BEGINNING) for name, p in parts])
        left, quiet_since = set(parts), time.monotonic()
        while left:
            batch = self.consumer.consume(20000, 0.2)
            if batch:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > 30:
                raise CannotLook(f"broker {self.broker}: nothing comes from {sorted(left)[:3]}")
            for m in batch:
                place = m.topic(), m.partition()
                if m.error() is None:
                    self.take(parts[place], m)
                elif m.error().code() == kafka.KafkaError._PARTITION_EOF:
                    parts[place].end = m.offset()
                    left.discard(place)
                elif not m.error().retriable():
                    raise CannotLook(f"{m.topic()}/{m.partition()}: {m.error()}")
        self.consumer.unassign()
        for part in parts.values():
            part.low = part.messages[0][0] if part.messages else part.end
        return {name: [parts[name, p] for p in range(n)] for name, n in counts.items()}

    def take(self, part, m):
        try:
            packed, chain = record(m)
        except (SystemError, UnicodeError):         # a header's name is no UTF-8
            headers = headers_at(self.broker, m.topic(), m.partition(), m.offset())
            if headers is None:
                raise CannotLook(f"{m.topic()}/{m.partition()}/{m.offset()}: its headers cannot be read")
            packed, chain = pack(m.key(), headers, m.value()), None
        part.messages.append((m.offset(), m.timestamp()[1] * 1000, packed, chain))

    def close(self):
        self.consumer.close()


# --- tables --------------------------------------------------------------------------------------------------------------

TABLES = {
    "lane": "select * from core.lane order by stage, lane",
    "dossier": "select * from core.dossier",
    "journal": "select stage, lane, first, last, head, entries from core.journal order by stage, lane, first",
    "job": "select * from core.job order by stage, lane, origin, ord",
    "deadletter": "select * from core.deadletter",
    "content": "select * from core.content",
    "order": "select * from fee.order",
    "parcel": "select * from dispatch.parcel",
    "evidence": "select * from lookup.evidence",
    "state": "select * from core.state",
}


def to_bytes(value, cursor):
    return None if value is None else bytes.fromhex(value[2:])


def to_micros(value, cursor):
    """timestamptz as text in UTC -> µs; infinity is told from every time."""
    if value is None or not value.endswith("infinity"):
        return None if value is None else reckon(value)
    return INFINITY if value[0] != "-" else -INFINITY


def reckon(value):
    at = datetime.datetime.fromisoformat(value)
    return (at - datetime.datetime(1970, 1, 1, tzinfo=at.tzinfo)) // datetime.timedelta(microseconds=1)


class Tables:
    def __init__(self, conninfo):
        self.db = psycopg2.connect(conninfo, options="-c timezone=UTC -c datestyle=ISO")
        self.db.set_session(isolation_level="REPEATABLE READ", readonly=True)
        for oids, name, to in (((17,), "B", to_bytes), ((1184,), "T", to_micros), ((2950,), "U", lambda v, c: v)):
            psycopg2.extensions.register_type(psycopg2.extensions.new_type(oids, name, to), self.db)

    def rows(self, query, chunk=2000):
        """Rows as dicts, a chunk at a time from the server."""
        with self.db.cursor("verify") as cursor:
            cursor.itersize = chunk
            cursor.execute(query)
            found, names = [], None
            for row in cursor:
                names = names or [c.name for c in cursor.description]
                found.append(dict(zip(names, row)))
            return found

    def read(self):
        """All tables as of one moment, and that moment."""
        found = {name: self.rows(query, 200 if name == "journal" else 2000) for name, query in TABLES.items()}
        now = self.rows("select now() as now")[0]["now"]
        self.db.rollback()
        return found, now

    def value(self, query):
        with self.db.cursor() as cursor:
            cursor.execute(query)
            found = cursor.fetchall()
        self.db.rollback()
        return found

    def close(self):
        self.db.close()


# --- ledgers -------------------------------------------------------------------------------------------------------------

def ledgers(folder):
    """{service: [line]}; a last line that a kill cut off is no line yet."""
    if not os.path.isdir(folder):
        raise CannotLook(f"no ledgers in {folder}")
    found = {}
    for path in glob.glob(os.path.join(folder, "*.ndjson")):
        lines = []
        with open(path, "rb") as f:
            for line in f:
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    if line.endswith(b"\n"):
                        lines.append({"torn": line.decode("utf-8", "replace")[:80]})
        found[os.path.basename(path)[:-7]] = lines
    return found


def acknowledged(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


# --- all of it -----------------------------------------------------------------------------------------------------------

QUIET = """select (select count(*) from core.job where kind <> 2 and due_at < 'infinity'), (select sum(given - acked) from core.lane),
    (select json_agg(json_build_array(stage, lane, next_offset)) from core.lane)"""


def unrest(tables, topics):
    """Why the system is not quiet; [] when it is."""
    due, unsent, lanes = tables.value(QUIET)[0]
    why = [f"{due} jobs are due or wait for their time"] if due else []
    why += [f"{unsent} journal entries are not acknowledged"] if unsent else []
    ends = topics.ends({t for reads in READS for t in reads})
    for stage, lane, at in lanes or []:
        behind = [f"{t}/{lane} at {max(at[k], 0)} of {ends.get((t, lane), 0)}" for k, t in enumerate(READS[stage])
                  if max(at[k], 0) < ends.get((t, lane), 0)]
        why += [f"{STAGES[stage]} has not read {b}" for b in behind]
    return why


def same_moment(tables, before):
    """Did any lane go on since?"""
    now = {(s, l): (at, given) for s, l, at, given in tables.value(
        "select stage, lane, next_offset, given from core.lane")}
    return all(now.get((r["stage"], r["lane"])) == (r["next_offset"], r["given"]) for r in before)


def look(broker, conninfo, folder, acknowledged_path=None, settle=0):
    """Everything, once the system is quiet or the time for that is over."""
    try:
        return look_now(broker, conninfo, folder, acknowledged_path, settle)
    except kafka.KafkaException as e:
        raise CannotLook(f"broker {broker}: {e.args[0].str()}")
    except psycopg2.Error as e:
        raise CannotLook("database: " + str(e).splitlines()[0])


def look_now(broker, conninfo, folder, acknowledged_path, settle):
    ledgers(folder)                     # that there are none, is said at once
    tables, topics, seen = Tables(conninfo), Topics(broker), Seen()
    end = time.monotonic() + settle
    while True:
        seen.troubles = unrest(tables, topics)
        if seen.troubles and time.monotonic() < end:
            time.sleep(0.2)
            continue
        seen.tables, seen.now = tables.read()
        seen.topics = topics.read()
        if same_moment(tables, seen.tables["lane"]):
            break
        if time.monotonic() >= end:
            seen.troubles.append("lanes went on while we looked")
            break
    seen.ledgers = ledgers(folder)
    seen.acknowledged = acknowledged(acknowledged_path) if acknowledged_path else None
    topics.close()
    tables.close()
    return seen
