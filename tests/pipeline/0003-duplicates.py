#!/usr/bin/env python3
"""0003 - the same again: a hundred times at once, after the end, and with another content."""
import random

import stack
from stack import as_json, check, dossier_id, input_of, same, submission, until

TIMES = 100
got = {}


def test_hundred(w):
    """the same submission 100 times at once on all partitions is one dossier, answered 99 times"""
    data, id = submission("birth-in-time"), w.new_id()
    w.produce([w.message(data, id=id, partition=n % w.lanes) for n in range(TIMES)])
    d = stack.Dossier(w, "/portal/test", id, data, (0, 0))
    got["d"] = d
    d.wait(intake="registered")
    until(lambda: len(d.events("intake")) >= TIMES, why=lambda: f"{len(d.events('intake'))} entries of intake", step=0.3)
    events = d.events("intake")
    same((events.count("registered"), events.count("repeated"), len(events)), (1, TIMES - 1, TIMES), "entries of intake")
    same(w.sql.value("select count(*) from core.dossier"), 1, "dossiers")
    same(w.sql.value("select count(distinct next) from core.serial"), 1, "codes taken")
    home = d.row()["home"]
    same({e["partition"] for e in d.entries("intake")}, {home}, "home of every answer")


def test_counters(w):
    """and each of them is counted: 100 taken, 99 repeated, none waits"""
    row = w.sql.row("select sum(taken) as taken, sum(repeated) as repeated, sum(waiting) as waiting, sum(parked) as parked, "
                    "sum(handed_out) as handed_out, sum(handed_in) as handed_in from core.lane where stage = 0")
    same(row["taken"], TIMES)
    same(row["repeated"], TIMES - 1)
    same((row["waiting"], row["parked"]), (0, 0))
    same(row["handed_out"], row["handed_in"], "handed over")


def test_status_keys(w):
    """a repeat is answered under a key of its own"""
    d = got["d"]
    answer = d.wait_answer(input_of(d.source, d.ce_id), answer="repeated")
    same((answer["dossier"], answer["request"]), (d.id, "vn.dossier.submitted.v1"))


def test_two_at_once(w):
    """forty ids, each on two partitions at the same moment: forty dossiers, forty codes"""
    datas = {w.new_id(): submission("birth-in-time") for _ in range(40)}
    messages = []
    for n, (id, data) in enumerate(datas.items()):
        messages += [w.message(data, id=id, partition=n % 8), w.message(data, id=id, partition=(n + 3) % 8)]
    w.produce(messages)
    ids = ",".join(f"'{dossier_id('/portal/test', id)}'" for id in datas)
    query = f"select count(*) as n, count(distinct code) as codes from core.dossier where id in ({ids}) and intake = 1"
    until(lambda: w.sql.row(query) == {"n": 40, "codes": 40}, why=lambda: w.sql.row(query))
    w.quiet()
    codes = w.sql.value("select count(*) - count(distinct code) from core.dossier")
    same(codes, 0, "codes twice")


def test_conflict(w):
    """the same id with another content is a conflict; the first one stands"""
    d = got["d"]
    before = d.wait_status()
    w.quiet()
    version = d.row()["version"]
    other = {**d.data, "channel": "counter"}
    w.produce([w.message(other, id=d.ce_id, partition=(d.row()["home"] + 1) % w.lanes)])
    answer = d.wait_answer(input_of(d.source, d.ce_id), answer="conflict")
    check(answer["errors"][0]["rule"] in ("conflict", "request.conflict"), answer)
    same(answer["errors"][0]["rule"], "request.conflict", "rule as schemas/README.md has it")
    same(d.row()["version"], version, "version")
    same(d.status()["state"], d.row() and before["state"], "status")
    same(w.sql.value(f"select count(*) from core.content where dossier = '{d.id}' and kind = 'submission'"), 1, "contents")


def test_same_meaning(w):
    """other bytes of the same meaning (a blank) are another content"""
    d = w.submit("birth-in-time")
    d.wait(intake="registered")
    w.produce([w.message(as_json(d.data) + " ", id=d.ce_id, partition=d.place[0])])
    d.wait_answer(input_of(d.source, d.ce_id), answer="conflict")


def test_after_the_end(w):
    """again after its end: the same answer, and nothing happens twice"""
    d = got["d"]
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    row = d.wait(dispatch="released")
    d.wait_status(state=10)
    w.quiet()
    row = d.row()
    answers = d.events("intake").count("repeated")
    w.produce([w.message(d.data, id=d.ce_id, partition=p) for p in range(w.lanes)])
    until(lambda: d.events("intake").count("repeated") == answers + w.lanes, why=lambda: d.events("intake"), step=0.3)
    same(d.row(), row, "the row")
    same(d.wait_status()["state"], 10)


def test_rejected_again(w):
    """a rejected submission stays rejected, however often it comes"""
    data, id = submission("birth-in-time", procedure="1.999999"), w.new_id()
    w.produce([w.message(data, id=id, partition=n % 8) for n in range(16)])
    d = stack.Dossier(w, "/portal/test", id, data, (0, 0))
    d.wait(intake="rejected")
    until(lambda: len(d.events("intake")) == 16, why=lambda: d.events("intake"), step=0.3)
    same(sorted(set(d.events("intake"))), ["rejected", "repeated"])
    d.wait_status(state=0)


def test_requests_twice(w):
    """a withdrawal ten times on all partitions withdraws once"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    for n in range(10):
        d.request("withdrawal_requested", id="withdraw-" + d.ce_id, partition=n % 8)
    d.wait(casework="withdrawn")
    until(lambda: len(d.events("intake")) == 11, why=lambda: d.events("intake"), step=0.3)
    same(sorted(set(d.events("intake"))), ["registered", "repeated", "withdrawn"])
    same(d.events("intake").count("withdrawn"), 1)


def test_actions_twice(w):
    """an action five times on random partitions acts once"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    for n in range(5):
        d.act("accept", id="accept-" + d.ce_id, partition=random.randrange(w.lanes))
    d.wait(casework="accepted")
    until(lambda: len(d.events("casework")) == 6, why=lambda: d.events("casework"), step=0.3)
    same(sorted(d.events("casework")), ["accepted", "opened"] + ["repeated"] * 4)


stack.main(__file__, globals())
