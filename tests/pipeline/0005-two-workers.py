#!/usr/bin/env python3
"""0005 - two workers share the lanes of a stage; one is stopped past its session time-out, and comes back as a zombie."""
import glob
import re
import signal
import socket

import stack
from stack import check, same, until

sent = []


def lanes_of(w, worker, stage=0):
    return [r["lane"] for r in w.sql.rows(f"select lane from core.lane where stage = {stage} and owner like '%:{worker.process.pid}' "
                                          "order by 1")]


def a_and_b(w):
    return w.workers["intake"], w.workers["intake-b"]


def test_1_share(w):
    """a second worker takes half of the lanes, without a stop of the others"""
    sent.extend(w.submit_all(["birth-in-time"] * 16))
    w.wait_up(w.start_worker("intake", "intake-b"))
    a, b = a_and_b(w)
    until(lambda: len(lanes_of(w, a)) == 4 and len(lanes_of(w, b)) == 4, 60,
          lambda: f"lanes {lanes_of(w, a)} and {lanes_of(w, b)}")
    sent.extend(w.submit_all(["birth-in-time"] * 16))
    for d in sent:
        d.wait(intake="registered")


def test_2_overtaken(w):
    """a request that is read before its submission waits for it, although its lane has read everything"""
    a, b = a_and_b(w)
    home, far = lanes_of(w, a)[0], lanes_of(w, b)[0]
    a.signal(signal.SIGSTOP)
    try:
        d = w.submit("birth-in-time", partition=home)
        d.request("withdrawal_requested", partition=far)
        until(lambda: w.sql.value(f"select count(*) from core.job where dossier = '{d.id}' and reason = 'unknown_dossier'"), 4,
              "the request does not wait", 0.02)
    finally:
        a.signal(signal.SIGCONT)
    d.wait(intake="withdrawn", casework="withdrawn")


def test_3_zombie(w):
    """stopped between its first and its last statement: the other takes over, and its commit fails"""
    until(lambda: all(len(lanes_of(w, p)) == 4 for p in a_and_b(w)), 60, "lanes are not shared again")
    a, b = a_and_b(w)
    lane = lanes_of(w, a)[0]
    mark = len(a.log())
    # Hold the lane's row, so that the worker waits in its first trip; stop it there; let the row go to it.
    holder = stack.Sql(w.conninfo + " user=postgres")
    holder.run(f"begin; select 1 from core.lane where stage = 0 and lane = {lane} for update")
    d = w.submit("birth-in-time", partition=lane)
    until(lambda: w.sql.value("select count(*) from pg_stat_activity where usename = 'dossier_intake' and wait_event_type = 'Lock'"),
          10, "the worker does not come to the row", 0.01)
    a.signal(signal.SIGSTOP)
    holder.run("rollback")
    holder.close()
    sent.append(d)
    try:
        until(lambda: len(lanes_of(w, b)) == w.lanes, 60, lambda: f"not taken over: {lanes_of(w, b)}; {b.tail()}")
        d.wait(intake="registered")
        sent.extend(w.submit_all(["birth-in-time"] * 24))
        for d in sent[-24:]:
            d.wait(intake="registered")
    finally:
        a.signal(signal.SIGCONT)
    a.wait_log(r"turn_failed|commit_unsure|fenced|database_awaited", since=mark)
    until(lambda: all(len(lanes_of(w, p)) == 4 for p in (a, b)), 60,
          lambda: f"not shared again: {lanes_of(w, a)} {lanes_of(w, b)}; {a.tail()}")


def test_4_under_load(w):
    """stopped anywhere under load, three times: nothing doubled, nothing lost"""
    a, b = a_and_b(w)
    for n in range(3):
        victim, other = ((a, b), (b, a))[n % 2]
        sent.extend(w.submit_all(["birth-in-time"] * 40))
        victim.signal(signal.SIGSTOP)
        sent.extend(w.submit_all(["birth-in-time"] * 40))
        try:
            until(lambda: len(lanes_of(w, other)) == w.lanes, 60, lambda: f"not taken over: {lanes_of(w, other)}")
        finally:
            victim.signal(signal.SIGCONT)
        until(lambda: all(len(lanes_of(w, p)) == 4 for p in (a, b)), 60, "not shared again")
    ids = ",".join(f"'{d.id}'" for d in sent)
    query = f"select count(*) from core.dossier where id in ({ids}) and intake = 1"
    until(lambda: w.sql.value(query) == len(sent), 60, lambda: f"{w.sql.value(query)} of {len(sent)}; {w.troubles()}")


def test_5_nothing_doubled(w):
    """each submission was registered once, under a code of its own"""
    until(lambda: w.sql.value("select count(*) from core.dossier where casework = 1") >= len(sent), 60, "not all are open")
    w.quiet()
    seen = {(e["key"], e["partition"], e["headers"]["ce_sequence"]) for e in w.read("dossier.intake")
            if e["type"] == "vn.dossier.intake.registered.v1"}
    keys = sorted(key for key, _, _ in seen)
    same(keys, sorted(set(keys)), "registered twice")
    same(w.sql.value("select count(*) - count(distinct code) from core.dossier where code is not null"), 0, "codes")
    same(w.sql.value("select max(version) from core.dossier") < 20, True, "versions")


def test_6_one_leaves(w):
    """one ends in good order: the other has all lanes within seconds"""
    a, b = a_and_b(w)
    same(b.end(), 0, "exit status")
    until(lambda: len(lanes_of(w, a)) == w.lanes, 30, lambda: f"lanes {lanes_of(w, a)}")
    d = w.submit("birth-in-time")
    d.wait(casework="open")


class HalfPipeline:
    """A session as a program leaves it that is stopped while it sends: in a transaction, its pipeline without an end."""

    def __init__(self, w, role, *statements):
        found = dict(re.findall(r"(\w+)=(\S+)", w.conninfo))
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(glob.glob(found["host"] + "/.s.PGSQL." + found["port"])[0])
        self.socket.settimeout(30 * stack.SLOW)
        self.send(b"", (3 << 16).to_bytes(4, "big") + f"user\0{role}\0database\0{found['dbname']}\0\0".encode())
        while self.receive() != b"Z":
            pass
        for statement in statements:
            self.send(b"P", b"\0" + statement.encode() + b"\0\0\0")
            self.send(b"B", bytes(8))
            self.send(b"E", bytes(5))
        self.send(b"H", b"")
        for _ in statements:
            while self.receive() != b"C":
                pass

    def send(self, kind, body):
        self.socket.sendall(kind + (len(body) + 4).to_bytes(4, "big") + body)

    def receive(self):
        """The kind of one message; nothing at the end."""
        head = self.socket.recv(5, socket.MSG_WAITALL)
        if len(head) == 5 and head[1:] != bytes([0, 0, 0, 4]):
            self.socket.recv(int.from_bytes(head[1:], "big") - 4, socket.MSG_WAITALL)
        return head[:1]


def test_6_stopped_in_a_pipeline(w):
    """a program stopped while it sends keeps its locks, and no time-out of the server's sees it: who claims the lane ends its session"""
    a, _ = a_and_b(w)
    session = HalfPipeline(w, "dossier_intake", "begin", "select from core.lane where stage = 0 and lane = 3 for update")
    d = w.submit("birth-in-time", partition=3)
    d.wait(casework="open", seconds=40)
    a.wait_log("stopped_sessions_ended")
    said = session.receive()
    check(said in (b"E", b""), f"the session still lives: {said}")


def test_7_lookup_zombie(w):
    """the same for a stage that asks outside: lookup stopped in the middle, nothing asked in vain is decided twice"""
    w.wait_up(w.start_worker("lookup", "lookup-b"))
    a, b = w.workers["lookup"], w.workers["lookup-b"]
    until(lambda: all(len(lanes_of(w, p, 2)) == 4 for p in (a, b)), 60, "not shared")
    more = w.submit_all(["birth-in-time"] * 40)
    a.signal(signal.SIGSTOP)
    try:
        until(lambda: len(lanes_of(w, b, 2)) == w.lanes, 60, "not taken over")
    finally:
        a.signal(signal.SIGCONT)
    for d in more:
        d.wait(casework="open")
    w.quiet()
    answered = {}
    for e in w.read("dossier.lookup"):
        answered.setdefault(e["key"], set()).add(e["headers"]["ce_sequence"])
    same([d.id for d in more if len(answered[d.id]) != 1], [], "answered more than once")


stack.main(__file__, globals(), allowed_errors=["turn_failed", "commit_unsure", "claim_failed", "release_failed",
                                                "database_awaited", "assign_failed", "producer_spent"])
