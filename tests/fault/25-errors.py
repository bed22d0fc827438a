#!/usr/bin/env python3
"""25 - the broker errs: a partition without a leader, requests refused, late or unanswered, as librdkafka's mock cluster does on command."""
import os, subprocess, time
import fault, stack
from fault import row
from stack import JOURNALS, STAGES, check, same, until

LANE = 3
BROKERS = 3
AWAY = 15               # seconds without a leader, longer than message.timeout
PARAMS = {"*": {"message.timeout": "10000"}}


class Mock:
    """tests/fault/mock.c, three brokers in one process."""

    def __init__(self, log):
        self.process = subprocess.Popen([f"{stack.BUILD}/test/mock", str(BROKERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=log, text=True, preexec_fn=stack.die_with_parent)
        self.bootstrap = self.process.stdout.readline().strip()

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        check(said == "ok", f"mock {words}: {said or 'it has ended'}")

    def end(self):
        self.process.kill()
        self.process.wait()


class World(fault.World):
    """Its broker is the mock cluster, once a real one has made topics and lanes."""
    mock = None

    def before_clients(self):
        self.mock = Mock(open(os.path.join(self.folder, "mock.log"), "ab"))
        with open("schemas/topics.list", encoding="utf-8") as f:
            names = [line.split()[0] for line in f if line.strip() and not line.startswith("#")]
        for name in names:
            self.mock.tell("topic", name, self.lanes, 1)
            for lane in range(self.lanes):
                self.mock.tell("leader", name, lane, 1 + lane % BROKERS)
        self.server("broker", "stop")
        self.broker = self.mock.bootstrap
        until(self.topics_are_there, 30, "the mock has not all topics")

    def stop(self):
        super().stop()
        if self.mock:
            self.mock.end()


def others(w, n=1):
    """Dossiers on every lane but ours."""
    return [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes) if lane != LANE for _ in range(n)]


def end_soon(w, dossiers, what, seconds=15):
    begin = time.monotonic()
    until(lambda: w.ended(dossiers) == len(dossiers), seconds, lambda: f"{what}: {w.ended(dossiers)} of {len(dossiers)} ended; {w.troubles()}")
    return time.monotonic() - begin


def standing(w, lane=LANE):
    """What intake has published and not told, of one lane."""
    r = w.lane("intake", lane)
    return r["given"] - r["acked"]


@row(25, "A18", f"nobody leads one partition of intake's journal for {AWAY} s, while submissions for it arrive and intake's lanes are "
     "handed out anew; then another broker leads it", "that lane's entries wait in the database, the other lanes go on, claimed anew "
     "or not; nothing is lost or twice", load=0)
def leaderless(w):
    pids, marks = w.pids(), w.marks()
    first = [w.submit("birth-in-time", partition=lane) for lane in range(w.lanes)]
    end_soon(w, first, "before", 60)
    w.mock.tell("leader", JOURNALS["intake"], LANE, -1)
    begin = time.monotonic()
    waiting = [w.submit("birth-in-time", partition=LANE) for _ in range(5)]
    until(lambda: standing(w) == 5, 15, lambda: f"{standing(w)} entries wait; {w.troubles()}")
    slow = end_soon(w, others(w), "beside a lane without a leader")
    # A second worker joins and leaves: the first has to claim all lanes again, and must not stop at that one.
    same(w.lane("intake", LANE)["owner"] is None, False, "the lane has no owner")
    w.wait_up(w.start_worker("intake", "intake-b"))
    until(lambda: w.says("intake", "lane_released", marks), 20, lambda: f"no rebalance: {w.troubles()}")
    same(w.workers.pop("intake-b").end(), 0, "exit status of the second worker")
    lanes = lambda: w.sql.value(f"select count(*) from core.lane where stage = 0 and lane <> {LANE} and owner like '%:{pids['intake']}'")
    until(lambda: lanes() == w.lanes - 1, 20, lambda: f"only {lanes()} of the other lanes are claimed again; {w.troubles()}")
    again = end_soon(w, others(w), "after they were claimed anew")
    until(lambda: time.monotonic() - begin > AWAY, AWAY + 5)
    check(standing(w) >= 5, f"{standing(w)} entries wait, of 5")
    same(w.ended(waiting), 0, "dossiers of that lane that have ended")
    check(w.says("intake", r"LEADER_NOT_AVAILABLE|NOT_LEADER|MSG_TIMED_OUT", marks), f"intake does not say so: {w.troubles()}")
    w.mock.tell("leader", JOURNALS["intake"], LANE, 1)
    w.healed()
    end_soon(w, waiting, "the lane that had no leader")
    yield
    same(w.pids(), pids, "workers that ended")
    return (f"5 entries waited for {AWAY} s; {w.lanes - 1} other lanes: new dossiers ended within {slow:.1f} s, after a rebalance within {again:.1f} s")


# What the cluster says to a write; whether a new producer is needed (True), the client's own retries are enough (False), or either may be.
REFUSALS = [("NOT_ENOUGH_REPLICAS", 0, False), ("NOT_ENOUGH_REPLICAS_AFTER_APPEND", 0, False), ("NOT_LEADER_FOR_PARTITION", 0, False),
            ("REQUEST_TIMED_OUT", 300, False), ("_TRANSPORT", 100, False), ("OUT_OF_ORDER_SEQUENCE_NUMBER", 0, True),
            ("INVALID_PRODUCER_EPOCH", 0, None), ("TOPIC_AUTHORIZATION_FAILED", 0, True), ("KAFKA_STORAGE_ERROR", 0, False)]


def refuse(w, error, ms):
    for b in range(1, BROKERS + 1):
        w.mock.tell("refuse", b, "Produce", error, ms)


def accept(w):
    for b in range(1, BROKERS + 1):
        w.mock.tell("accept", b, "Produce")


@row(26, "A18", f"every write is refused for 3 s with one error after another ({len(REFUSALS)}), then unanswered for longer than the message's "
     "time-out", "what may pass is tried again by the client, for the rest the producer is made anew and sends again from the "
     "acknowledged prefix; nobody ends; every reader takes each entry once", load=0)
def refused(w):
    pids, said = w.pids(), []
    for error, ms, spent in REFUSALS:
        marks = w.marks()
        given = w.sql.value("select sum(given) from core.lane where stage = 0")
        # The submissions are there before, or they would be refused too.
        same(w.workers["intake"].end(), 0, "intake")
        dossiers = w.submit_all(["birth-in-time"] * 24)
        refuse(w, error, ms)
        begin = time.monotonic()
        w.wait_up(w.start_worker("intake"))
        until(lambda: w.sql.value("select sum(given) from core.lane where stage = 0") == given + 24, 30,
              lambda: f"{error}: not decided; {w.troubles()}")
        until(lambda: time.monotonic() - begin > 3, 5)
        acked = w.sql.value("select sum(acked) from core.lane where stage = 0")
        check(acked <= given, f"{error}: {acked - given} of 24 are acknowledged all the same")
        renewed = w.says("intake", "producer_spent", {})
        check(spent is None or (renewed > 0) == spent, f"{error}: {renewed} producers made anew; {w.workers['intake'].tail(3)}")
        check(renewed < 30, f"{error}: {renewed} producers made anew: a hot loop")
        accept(w)
        # Each broker may still hold a refusal that nobody fetched in time: up to three more workers meet the fault's end later.
        end_soon(w, dossiers, error, 15 + 5 * BROKERS)
        said.append(f"{error} {renewed}")
    return (yield from unanswered(w, said, pids))


def unanswered(w, said, pids):
    """The connection stands, and no answer comes until the message's own time is over."""
    marks = w.marks()
    w.flood(200)
    for b in range(1, BROKERS + 1):
        w.mock.tell("rtt", b, 12000)
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 12, 20)
    late = sum(w.says(name, "producer_spent", marks) for name in STAGES)
    check(late > 0, f"no worker has made its producer anew: {w.troubles()}")
    check(w.ended(w.flooded) < 200, "all 200 had ended before")
    for b in range(1, BROKERS + 1):
        w.mock.tell("rtt", b, 0)
    w.healed()
    yield
    same({k: v for k, v in w.pids().items() if k != "intake"}, {k: v for k, v in pids.items() if k != "intake"}, "workers that ended")
    return f"producers made anew: {', '.join(said)}, no answer {late}; {w.repeats()} entries twice in the topics, none taken twice"


fault.main(__file__, globals(), kind=World, params=PARAMS, allowed_errors=["claim_failed", "turn_failed", "producer_spent"])
