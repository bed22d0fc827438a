"""verify_lanes - lanes, their positions and counters, and the jobs that are left (promises 2 9 10)."""
import collections

from verify_format import INFINITY, Torn, unpack
from verify_rule import rule
from verify_states import JOURNALS, READS, STAGES

MESSAGE, EFFECT, TIMER, HANDOVER = range(4)
LATE = 30 * 1000000             # µs that a lane may be without an owner while it changes hands
PURPOSES = {"fee": {"order", "refund"}, "dispatch": {"parcel"}, "tracking": {"sms", "email"}}


@rule("quiet", "nothing is under way: no job is due, every journal is acknowledged, every topic is read to its end")
def quiet(w, say):
    say.count(lanes=len(w.lane_rows), jobs=len(w.jobs), parked=sum(j["parked"] for j in w.jobs),
              timers=sum(j["kind"] == TIMER for j in w.jobs))
    for what in w.seen.troubles:
        say.wrong(what)


@rule("lanes-balance", "the counters of every lane balance, and equal what lies in core.job and core.deadletter [10]")
def balance(w, say):
    waiting, parked = collections.Counter(), collections.Counter()
    for j in w.jobs:
        if j["kind"] != HANDOVER:
            (parked if j["parked"] else waiting)[j["stage"], j["lane"]] += 1
    dead = collections.Counter((r["stage"], r["partition"] if r["lane"] is None else r["lane"]) for r in w.dead.values())
    out, into, under_way = collections.Counter(), collections.Counter(), collections.Counter(
        j["stage"] for j in w.jobs if j["kind"] == HANDOVER)
    for place, row in w.lane_rows.items():
        name = f"{STAGES[place[0]]}/{place[1]}"
        say.count(lanes=1, taken=row["taken"])
        came, went = row["taken"] + row["handed_in"] + row["ordered"], sum(
            row[c] for c in ("done", "repeated", "dead", "handed_out", "waiting", "parked"))
        if came != went:
            say.wrong(f"{name}: {came} came and {went} went or wait")
        for counter, found in (("waiting", waiting[place]), ("parked", parked[place]), ("dead", dead[place])):
            if row[counter] != found:
                say.wrong(f"{name}: counts {row[counter]} {counter}, and there are {found}")
        for counter in ("taken", "handed_in", "ordered", "done", "repeated", "dead", "handed_out", "waiting", "parked"):
            if row[counter] < 0:
                say.wrong(f"{name}: counts {row[counter]} {counter}")
        out[place[0]] += row["handed_out"]
        into[place[0]] += row["handed_in"]
        counted_from_journals(w, say, name, place, row)
    for stage in out:
        if out[stage] != into[stage] + under_way[stage]:
            say.wrong(f"{STAGES[stage]}: {out[stage]} handed out, {into[stage]} handed in, {under_way[stage]} under way")
    say.count(handed_over=sum(out.values()))


ORDERS = {(3, "ordered"), (3, "refund_ordered"), (5, "parcel_ordered"), (6, "notice_ordered")}


def counted_from_journals(w, say, name, place, row):
    """What the journals let us count too: repeats, and effects ordered."""
    stage, lane = place
    events = w.lanes[place].events.values() if place in w.lanes else ()
    repeated = sum(e.answer and e.kind == "repeated" for e in events)
    dropped = sum(drops(w, stage, lane, t) for t in READS[stage] if t in JOURNALS)
    if row["repeated"] != repeated + dropped:
        say.wrong(f"{name}: counts {row['repeated']} repeated; {repeated} answers say so, and {dropped} journal messages were none of "
                  "those that it waited for")
    ordered = sum((e.stage, e.kind) in ORDERS for e in events)
    if row["ordered"] < ordered:
        say.wrong(f"{name}: counts {row['ordered']} ordered, and the journal orders {ordered} effects")


def drops(w, stage, lane, topic):
    """Messages of a journal below the position that a reader drops: repeats, and what comes too early."""
    return w.read_as_reader(topic, lane, w.position(stage, lane, topic))[1]


@rule("lanes-positions", "positions, numbers seen and given are those of the topics: no position moved without its messages [1 4 10]")
def positions(w, say):
    partitions = {t: len(p) for t, p in w.seen.topics.items()}
    for stage, reads in enumerate(READS):
        for lane in range(partitions[reads[0]]):
            row = w.lane_rows.get((stage, lane))
            if row is None:
                say.wrong(f"{STAGES[stage]}/{lane}: no row in core.lane")
                continue
            say.count(lanes=1, positions=len(reads))
            counted(w, say, f"{STAGES[stage]}/{lane}", row, reads)
            last = w.lanes[stage, lane].table
            if row["given"] != (max(last) if last else 0):
                say.wrong(f"{STAGES[stage]}/{lane}: given {row['given']}, the table ends with {max(last) if last else 0}")


def counted(w, say, name, row, reads):
    """Each position is within its topic; what lies below all of them was taken; the numbers seen are those below."""
    below = 0
    for k, topic in enumerate(reads):
        part, at = w.seen.topics[topic][row["lane"]], max(row["next_offset"][k], 0)
        if at > part.end:
            say.wrong(f"{name}: at {at} of {topic}, which ends at {part.end}")
        below += min(at, part.low) + sum(offset < at for offset, *_ in part.messages)
        wanted = w.read_as_reader(topic, row["lane"], at)[0] if topic in JOURNALS else 0
        if row["seen"][k] != wanted:
            say.wrong(f"{name}: has seen {row['seen'][k]} of {topic}, below its position {at} a reader gets to {wanted}")
    if row["taken"] != below:
        say.wrong(f"{name}: counts {row['taken']} taken, and {below} lie below its positions")


@rule("jobs-sound", "every job belongs to its dossier's lane, holds the exact message, and waits behind somebody or for a time [9]")
def jobs(w, say):
    timers, ahead = {}, set()
    for j in w.jobs:
        if j["kind"] in (MESSAGE, HANDOVER) and j["due_at"] != INFINITY:
            ahead.add((j["stage"], j["lane"], j["dossier"]))
    for j in w.jobs:
        name = f"job {STAGES[j['stage']]}/{j['lane']}/{j['origin']}/{j['ord']} of {j['dossier']}"
        say.count(jobs=1, parked=bool(j["parked"]))
        row, lane = w.dossiers.get(j["dossier"]), w.lane_rows.get((j["stage"], j["origin"]))
        if j["kind"] != MESSAGE and row is None:
            say.wrong(f"{name}: kind {j['kind']}, and there is no such dossier")
        if j["kind"] in (EFFECT, TIMER, HANDOVER) and row and j["lane"] != row["home"]:
            say.wrong(f"{name}: the dossier lives in {row['home']}")
        if lane is None or j["ord"] > lane["job_ord"]:
            say.wrong(f"{name}: its origin has given {lane and lane['job_ord']} only")
        if j["kind"] == TIMER and timers.setdefault((j["stage"], j["dossier"]), j) is not j:
            say.wrong(f"{name}: a second timer")
        if j["kind"] == EFFECT and j["purpose"] not in PURPOSES.get(STAGES[j["stage"]], ()):
            say.wrong(f"{name}: effect {j['purpose']}")
        if j["kind"] == MESSAGE and j["due_at"] == INFINITY and (j["stage"], j["lane"], j["dossier"]) not in ahead:
            say.wrong(f"{name}: waits behind another, and there is none")
        if (j["due_at"] is None) != bool(j["parked"]) and j["due_at"] is None:
            say.wrong(f"{name}: no time to try it, and not parked")
        held(w, say, name, j)


def held(w, say, name, j):
    """The message in it is that of the topic, byte for byte."""
    if j["kind"] not in (MESSAGE, HANDOVER) or j["place"] is None:
        return
    topic, partition, offset = j["place"].rsplit("/", 2)
    part = w.seen.topics[topic][int(partition)]
    found = part.at(int(offset))
    if found is None:
        if int(offset) >= part.low:
            say.wrong(f"{name}: holds {j['place']}, which is not there")
        return
    if not same(found, j["message"][32:]):
        say.wrong(f"{name}: holds another message than {j['place']}")


def same(found, packed):
    """A message of the topic, whose chain is kept apart, and one packed whole."""
    if found[2] == packed:
        return True
    try:
        key, headers, value = unpack(packed)
    except Torn:
        return False
    key2, headers2, value2 = unpack(found[2])
    return (key, headers, value) == (key2, headers2 + [(b"ce_chain", found[3])], value2)


@rule("lanes-owned", "whatever has been due for a while lies in a lane that somebody owns [2 9]")
def owned(w, say):
    say.count(lanes=len(w.lane_rows), owned=sum(r["owner"] is not None for r in w.lane_rows.values()))
    for j in w.jobs:
        row = w.lane_rows.get((j["stage"], j["lane"]))
        if j["due_at"] is not None and j["due_at"] < w.now - LATE and (row is None or row["owner"] is None):
            say.wrong(f"{STAGES[j['stage']]}/{j['lane']} has no owner, and a job of {j['dossier']} that was due "
                      f"{(w.now - j['due_at']) // 1000000} s ago: {j['reason'] or j['purpose'] or 'timer'}")
