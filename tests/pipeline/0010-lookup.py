#!/usr/bin/env python3
"""0010 - registers that know, do not know, know better, are slow, wrong or down: nobody is refused, the others do not wait."""
import json
import time

import stack
from stack import check, same

PATIENCE_MS = 6000


def person(w, deed=None, service="population", template="birth-in-time", **rule):
    """A dossier whose applicant a register treats in its own way."""
    data = stack.submission(template)
    if deed:
        number = data["applicant"]["tax_code" if service == "enterprise" else "number"]
        w.rule(service=service, match={"number": number}, do=deed, **rule)
    return w.submit_all([data])[0]


def outcomes(d, round=0):
    entry = next(e for e in d.entries("lookup") if e["data"]["round"] == round)
    return {o["registry"]: o["outcome"] for o in entry["data"]["outcomes"]}


def evidence(w, d):
    return w.sql.row(f"select * from lookup.evidence where dossier = '{d.id}' and round = 0")


def test_match(w):
    """a match replaces the paper that the state holds"""
    d = person(w)
    row = d.wait(casework="open")
    same((row["missing"], outcomes(d)), ("[]", {"population": "match"}))
    entry = d.entries("lookup")[0]["data"]
    same(entry["replaced"], ["TP02"])
    row = evidence(w, d)
    check(row["outcome"] == "match" and row["purpose"] and row["legal_basis"] and row["request_id"].startswith(d.id), row)
    ledger = w.ledger("population", dossier=d.id)
    same([l["key"] for l in ledger], [row["request_id"]], "asked under its request id")


def other_test(deed, outcome):
    def test(w):
        d = person(w, deed)
        row = d.wait(casework="open")
        same(outcomes(d), {"population": outcome})
        same(json.loads(row["missing"]), ["TP02"])
        same(evidence(w, d)["outcome"], outcome)
    test.__doc__ = f"{deed}: {outcome}, the paper is asked for, nobody is refused"
    return test


for i, pair in enumerate((("mismatch", "mismatch"), ("not_found", "not_found"))):
    globals()[f"test_other_{i}"] = other_test(*pair)


def test_wrong_person(w):
    """an answer about another person is never taken for a match"""
    d = person(w, "wrong_person")
    row = d.wait(60, casework="open")
    check(outcomes(d)["population"] in ("mismatch", "unavailable", "not_found"), outcomes(d))
    same(json.loads(row["missing"]), ["TP02"])


def test_paper_stands(w):
    """who sent the paper needs no register"""
    data = stack.submission("birth-in-time")
    data["components"].append(stack.component("TP02", "copy"))
    w.rule(service="population", match={"number": data["applicant"]["number"]}, do="not_found")
    d = w.submit_all([data])[0]
    row = d.wait(casework="open")
    same(json.loads(row["missing"]), [])


def test_down_at_first(w):
    """down at first: asked again, then a match"""
    for deed, more in (("fail", dict(times=3)), ("reset", dict(times=2)), ("garbage", dict(times=1)), ("html", dict(times=1))):
        d = person(w, deed, **more)
        row = d.wait(60, casework="open")
        same((deed, row["missing"], outcomes(d)), (deed, "[]", {"population": "match"}))


def test_down_for_ever(w):
    """down for longer than we have patience: unavailable, please supply the paper"""
    begin = time.monotonic()
    d = person(w, "fail")
    row = d.wait(60, casework="open")
    same((json.loads(row["missing"]), outcomes(d)), (["TP02"], {"population": "unavailable"}))
    check(time.monotonic() - begin > PATIENCE_MS / 1000 - 1, "gave up too early")
    evid = evidence(w, d)
    same(evid["outcome"], "unavailable")


def test_others_do_not_wait(w):
    """one register hangs for some: the others are through at once"""
    hanging = [person(w, "hang") for _ in range(5)]
    begin = time.monotonic()
    for d in w.submit_all(["birth-in-time"] * 20):
        d.wait(casework="open")
    seconds = time.monotonic() - begin
    check(seconds < PATIENCE_MS / 1000 + 6 * stack.SLOW, f"the others took {seconds:.1f} s")
    for d in hanging:
        d.wait(60, casework="open")
        same(outcomes(d), {"population": "unavailable"})


def test_enterprise(w):
    """a business: matches, or has another name, or is unknown or dissolved"""
    for deed, outcome in ((None, "match"), ("not_found", "not_found"), ("mismatch", "mismatch")):
        data = stack.submission("enterprise-address")
        tax = data["applicant"]["tax_code"]
        rules = {"replace": True, "companies": {tax: {"name": data["applicant"]["name"]}}}
        rules["rules"] = [{"service": "enterprise", "match": {"number": tax}, "do": deed}] if deed else []
        w.http("POST", "/behaviour", rules)
        d = w.submit_all([data])[0]
        d.wait(60, lookup="answered")
        same((deed, outcomes(d)), (deed, {"enterprise": outcome}))


def test_restart_in_the_middle(w):
    """a worker killed while a register is slow: asked again, decided once"""
    d = person(w, "slow", ms=2000)
    stack.until(lambda: w.ledger("population", dossier=d.id) or d.row(), 20)
    d.wait(verification=("complete", "incomplete"))
    w.workers["lookup"].kill()
    w.wait_up(w.start_worker("lookup"))
    d.wait(60, casework="open")
    same(len([e for e in d.entries("lookup")]), 1)


def test_slow_one_keeps_nobody(w):
    """many ask a register that answers slowly: who does not need it does not wait for them"""
    w.rule(service="enterprise", do="slow", ms=4000)
    slow = w.submit_all(["enterprise-address"] * 150)
    stack.until(lambda: w.counts()["enterprise"]["requests"] > 60, 20)
    begin = time.monotonic()
    for d in w.submit_all(["birth-in-time"] * 20):
        d.wait(casework="open")
    check(time.monotonic() - begin < 5 * stack.SLOW, f"the others took {time.monotonic() - begin:.1f} s")
    w.http("POST", "/behaviour", {"replace": True, "rules": [{"service": "payment", "do": "usual"}]})
    for d in slow:
        d.wait(90, lookup="answered")


def test_few_places(w):
    """places for inquiries are few and a register hangs: who does not need it finds room"""
    w.workers["lookup"].end()
    w.wait_up(w.start_worker("lookup", **{"inquiries": "8", "lookup.timeout": "15000", "lookup.patience_ms": "600000"}))
    w.rule(service="enterprise", do="hang")
    hanging = w.submit_all(["enterprise-address"] * 20)
    stack.until(lambda: w.counts()["enterprise"]["requests"] > 0, 20)
    for state in ("while calls hang", "when they have timed out"):
        begin = time.monotonic()
        for d in w.submit_all(["birth-in-time"] * 20):
            d.wait(casework="open")
        check(time.monotonic() - begin < 10, f"{state} the others took {time.monotonic() - begin:.1f} s")
        if state == "while calls hang":
            stack.until(lambda: "peer_down" in w.workers["lookup"].log(), 30)
    w.http("POST", "/behaviour", {"replace": True, "rules": [{"service": "payment", "do": "usual"}]})
    for d in hanging:
        d.wait(90, lookup="answered")
    w.workers["lookup"].end()
    w.wait_up(w.start_worker("lookup"))


stack.main(__file__, globals(), params={"lookup": {"lookup.patience_ms": str(PATIENCE_MS)}},
           behaviour={"rules": [{"service": "payment", "do": "usual"}]})
