#!/usr/bin/env python3
"""23 - the broker's past is not what it was: deleted, made anew, repeated, forged; and messages that are too large."""
import json, subprocess
import fault, stack
from fault import row
from stack import JOURNALS, Raw, STAGES, check, same, submission, until

LANE = 3


# What the checker rightly names when the broker has lost messages or reuses their offsets: rows 23 and 28 come last.
GONE = {23: ["lanes-positions"], 28: ["lanes-positions", "lanes-balance", "acknowledged", "inputs-once", "contents-exact", "arrival-times",
             "causes-true", "causes-in-order"]}


class World(fault.World):
    gone = ()

    def verify(self, settle=30, *more):
        """All invariants but those that speak of what the broker has really lost."""
        done = subprocess.run(["/usr/bin/python3", "-B", "tests/fault/verify", "--list"], capture_output=True, text=True, check=True)
        names = [line.split()[0] for line in done.stdout.splitlines()]
        check(set(self.gone) <= set(names), f"no invariants of these names: {self.gone}")
        return super().verify(settle, "--only", ",".join(n for n in names if n not in self.gone), *more)


def index_of(stage, topic):
    """Where a topic stands in the lanes' arrays, from 1, as in schemas/topics.list: the lead first."""
    topics = {"intake": ["dossier.submissions", "citizen.requests"], "lookup": ["dossier.verification"],
              "tracking": ["dossier.intake", "dossier.verification"]}
    return topics[stage].index(topic) + 1


def owner_says(w, statement):
    """As an operator does, by the procedure of deploy/README.md."""
    owner = stack.Sql(w.conninfo + " user=dossier_owner")
    said = owner.run(statement)
    owner.close()
    check("ERROR" not in said, said)


def move(w, stage, topic, to, lanes="true"):
    k = index_of(stage, topic)
    owner_says(w, f"update core.lane set next_offset[{k}] = {to}, epoch = epoch + 1 where stage = {STAGES.index(stage)} and {lanes}")


def stands(w, name, lane, text, marks=None, seconds=40):
    w_marks = marks or {}
    until(lambda: w.says(name, rf"level=error.*event=lane_stands lane={lane} .*{text}", w_marks), seconds,
          lambda: f"{name} does not say that lane {lane} stands: {w.troubles()}")


@row(24, "issue", "a journal shows its entries up to 80, then again from 61 on, as after a change of leaders",
     "each reader takes each entry once", load=0)
def repeated(w):
    same(w.workers["verification"].end(), 0, "verification")    # one reader meets it later, three while it happens
    given = w.lane("intake", LANE)["given"]
    first = w.submit_all(["birth-in-time"] * 20, partition=LANE)
    until(lambda: w.lane("intake", LANE)["acked"] == given + 20, 60, lambda: w.troubles())
    entries = [e for e in w.read(JOURNALS["intake"]) if e["partition"] == LANE]
    same([int(e["headers"]["ce_sequence"]) for e in entries[-20:]], list(range(given + 1, given + 21)), "numbers")
    counted = {s: w.lane(s, LANE)["repeated"] for s in ("verification", "casework", "dispatch", "tracking")}
    w.produce([{"topic": JOURNALS["intake"], "partition": LANE, "key": e["key"], "headers": [[k, v] for k, v in e["headers"].items()],
                "value": e["payload"]} for e in entries[-20:]])
    rest = w.submit_all(["birth-in-time"] * 20, partition=LANE)
    w.wait_up(w.start_worker("verification"))
    until(lambda: w.ended(first + rest) == 40, 60, lambda: f"{w.ended(first + rest)} of 40 ended: {w.troubles()}")
    yield
    dropped = {s: w.lane(s, LANE)["repeated"] - n for s, n in counted.items()}
    same(dropped, dict.fromkeys(counted, 20), "entries dropped as repeats")
    return f"{given + 1}–{given + 20}, {given + 1}–{given + 40} in the topic; 4 readers took 40 and dropped 20 each"


def forged(entry, number, **changes):
    headers = [[k, changes.get(k, str(number) if k == "ce_sequence" else v)] for k, v in entry["headers"].items()]
    return {"topic": JOURNALS["intake"], "partition": LANE, "key": entry["key"], "headers": headers,
            "value": changes.get("value", entry["payload"])}


@row(44, "B34", "a stranger writes into a journal: repeats, numbers to come, broken chains, torn entries; then everybody is restarted",
     "all are dropped and alarmed; the honest entry of the same number is taken; no start is hindered")
def strangers(w):
    w.submit("birth-in-time", partition=LANE).wait(casework="decided")
    entries = [e for e in w.read(JOURNALS["intake"]) if e["partition"] == LANE]
    last, marks = entries[-1], w.marks()
    number = int(last["headers"]["ce_sequence"])
    bad = [forged(last, number), forged(entries[0], 1)]
    bad += [forged(last, number + k) for k in range(1, 30)]                                     # chains that do not fit
    bad += [forged(last, number + k, value=last["payload"][:40]) for k in range(1, 30)]         # torn
    bad += [forged(last, number + 1, ce_chain="0" * 64), forged(last, number + 1, ce_chain=""), forged(last, 2 ** 62)]
    bad += [{"topic": JOURNALS["intake"], "partition": LANE, "key": None, "headers": [], "value": None},
            {"topic": JOURNALS["intake"], "partition": LANE, "key": "x", "headers": [], "value": Raw(b"\0\xff" * 50)}]
    w.produce(bad)
    readers = ("verification", "casework", "dispatch", "tracking")
    for name in readers:
        until(lambda: w.says(name, rf"level=error.*event=chain_broken topic=dossier.intake lane={LANE} ", marks), 30,
              lambda: f"{name} does not alarm: {w.troubles()}")
    w.submit("birth-in-time", partition=LANE).wait(casework="decided")
    for name in STAGES:     # the writer compares the topic's tail with its table, the readers go on from the middle
        if name == "intake":
            w.workers[name].kill()
        else:
            same(w.workers[name].end(), 0, name)
        w.wait_up(w.start_worker(name))
    yield
    return f"{len(bad)} forged entries dropped by 4 readers, alarmed by each; 7 restarts"


def large(template, size):
    """A submission of so many bytes."""
    data = submission(template)
    data["form"]["note"] = ""
    data["form"]["note"] = "x" * (size - len(stack.as_json(data).encode()))
    return data


@row(27, "issue", "messages from outside as large as the broker takes, the largest that we take, and a journal whose topic takes less "
     "than an entry has", "answered with a reason; our own fit; the writer waits, names the topic, and loses nothing", load=0)
def too_large(w):
    over = w.submit(large("birth-in-time", 1_000_001))
    over.wait(intake="rejected")
    rules = [e["rule"] for e in json.loads(over.row()["errors"])]
    # The worst that we take: everything wrong that can be, and as deep and as long as names may be.
    data = submission("birth-in-time")
    data["components"] = [{"code": f"C{n}", "kind": "electronic", "files": [dict(stack.file_of(f"f{n}-{k}"), name="n" * 200)
                           for k in range(20)]} for n in range(64)]
    most = w.submit(data)
    most.wait(intake=("registered", "rejected"))
    wrong = submission("birth-in-time")
    wrong["components"] = [{"code": "!" * 40, "kind": "?", "files": [{"name": "/", "extra" * 12: 1}] * 20} for _ in range(64)]
    w.submit(wrong).wait(intake="rejected")
    largest = max((len(json.dumps(e)), e["topic"]) for t in [*JOURNALS.values(), "dossier.status"] for e in w.read(t))
    check(largest[0] < 500_000, f"an entry of {largest[0]} bytes on {largest[1]}")
    marks = w.marks()
    w.admin("set", JOURNALS["lookup"], "max.message.bytes=64")      # none of its entries fits: their order stays
    waiting = w.submit_all(["birth-in-time"] * 8)
    until(lambda: w.says("lookup", r"producer_spent.*MSG_SIZE_TOO_LARGE.*dossier\.lookup", marks), 30,
          lambda: f"lookup does not say so: {w.troubles()}")
    until(lambda: w.says("lookup", r"producer_spent", marks) >= 5, 30, lambda: w.troubles())
    spent = w.says("lookup", r"producer_spent", marks)
    check(spent < 40, f"{spent} producers renewed: a hot loop")
    w.admin("set", JOURNALS["lookup"], "max.message.bytes=")
    yield
    same(w.ended(waiting), 8, "those that waited")
    return f"1 000 001 bytes: rejected by {rules}; our largest entry {largest[0]} bytes; lookup said so and waited"


@row(23, "issue", "five submissions of one lane are deleted by the broker before they were read",
     "that lane stands and says so, it never jumps; the others go on; the documented way out works", load=0)
def retention(w):
    w.gone = GONE[23]
    w.submit("birth-in-time", partition=LANE).wait(casework="decided")
    same(w.workers["intake"].end(), 0, "intake")
    at = w.lane("intake", LANE)["next_offset"][0]
    lost = w.submit_all(["birth-in-time"] * 5, partition=LANE)
    w.admin("delete-records", "dossier.submissions", LANE, lost[-1].place[1] + 1)
    after = w.submit_all(["birth-in-time"] * 2, partition=LANE)
    others = [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes) if lane != LANE]
    w.wait_up(w.start_worker("intake"))
    stands(w, "intake", LANE, f"dossier.submissions/{LANE}")
    until(lambda: w.ended(others) == len(others), 60, lambda: f"the other lanes stand too: {w.troubles()}")
    row = w.lane("intake", LANE)
    same((row["next_offset"][0], row["owner"]), (at, None), "position and owner of the lane that stands")
    def shown():
        return next(l["because"] for l in w.ctl_rows("lanes") if l["stage"] == "intake" and l["lane"] == LANE)
    until(lambda: f"dossier.submissions/{LANE}" in shown(), 15, lambda: f"dossierctl lanes does not say why: {shown()}", step=0.5)
    same([d.row() for d in lost + after], [None] * 7, "dossiers of that lane")
    move(w, "intake", "dossier.submissions", after[0].place[1], f"lane = {LANE}")
    until(lambda: w.ended(after) == 2, 30, lambda: f"the lane does not go on: {w.troubles()}")
    w.produce([w.message(d.data, id=d.ce_id, partition=LANE) for d in lost])     # portals may always send again
    yield
    same(w.ended(lost), 5, "those that were sent again")
    return f"lane {LANE} stood at {at}, 7 others went on; after the position was moved all 2 + 5 ended"


def requests(w):
    """One request a lane, about a dossier that has ended: each must be answered, whatever the answer is."""
    dossiers = [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes)]
    until(lambda: w.ended(dossiers) == len(dossiers), 60, lambda: w.troubles())
    return dossiers, [d.request("withdrawal_requested", {"reason": "Đổi ý"}) for d in dossiers]


def gone(w, names, topic):
    """The workers that read a topic end, and say which topic it was."""
    until(lambda: not any(w.workers[n].is_alive() for n in names), 60,
          lambda: f"{[n for n in names if w.workers[n].is_alive()]} do not mind that {topic} is gone; {w.troubles()}")
    for name in names:
        text = w.workers[name].log()
        check(f"{topic}" in text and "topics apply" in text.split("event=down")[-1], f"does not say why: {w.workers[name].tail()}")
        check(w.workers[name].process.returncode not in (0, 99) and w.workers[name].process.returncode > 0,
              f"{name}: exit status {w.workers[name].process.returncode}")


@row(28, "A15", "a topic of outside is deleted, missing at start, and made anew with more messages in it than had been read; "
     "then a journal", "workers end or stand and say which topic; no message of the new one is passed over; the journal is "
     "sent again from the database", load=0)
def made_anew(w):
    w.gone = GONE[28]
    before, inputs = requests(w)
    for d, i in zip(before, inputs):
        d.wait_answer(i)
    w.workers["intake"].may_die = True
    w.admin("delete-topic", "citizen.requests")
    gone(w, ["intake"], "citizen.requests")
    # Made anew, and three requests a lane come before any worker looks: offset 1, where ours stands, exists again.
    done = w.ctl("topics", "apply", "--partitions", str(w.lanes))
    same(done.returncode, 0, done.stdout + done.stderr)
    until(w.topics_are_there, 30, "topics without a leader")
    new = [(d, d.request("withdrawal_requested", {"reason": f"Đổi ý {n}"})) for n in range(3) for d in before]
    w.wait_up(w.start_worker("intake"))
    for lane in range(w.lanes):
        stands(w, "intake", lane, "citizen.requests.*made anew")
    move(w, "intake", "citizen.requests", -2)
    for d, i in new:
        d.wait_answer(i)
    return_to_journal(w)
    yield
    return f"intake, lookup and tracking ended; {w.lanes} lanes stood; all {len(new)} new requests answered; the journal equals the table"


def return_to_journal(w):
    """The journal of verification is deleted: its writer and its readers stop; it is made again from the table."""
    users = ["verification", "lookup", "tracking"]
    for name in users:
        w.workers[name].may_die = True
    w.admin("delete-topic", "dossier.verification")
    gone(w, ["lookup", "tracking"], "dossier.verification")
    for name in ("lookup", "tracking"):         # the lead of one, a side topic of the other
        w.start_worker(name).may_die = True
    gone(w, ["lookup", "tracking"], "dossier.verification")
    w.workers["verification"].end()
    done = w.ctl("topics", "apply", "--partitions", str(w.lanes))
    same(done.returncode, 0, done.stdout + done.stderr)
    until(w.topics_are_there, 30, "topics without a leader")
    w.start_worker("verification").may_die = True
    until(lambda: not w.workers["verification"].is_alive(), 30, lambda: f"goes on with an empty journal: {w.troubles()}")
    check("topic has lost data" in w.workers["verification"].log(), w.workers["verification"].tail())
    owner_says(w, f"update core.lane set acked = 0, acked_offset = -1, epoch = epoch + 1 where stage = {STAGES.index('verification')}")
    for name in ("lookup", "tracking"):
        move(w, name, "dossier.verification", -2)
    for name in users:
        w.wait_up(w.start_worker(name))


fault.main(__file__, globals(), kind=World, params={"*": {"message.timeout": "10000"}}, forged=True, allowed_errors=[
    "claim_failed", "turn_failed", "lane_stands", "chain_broken", "event=down", "journal_stands"])
