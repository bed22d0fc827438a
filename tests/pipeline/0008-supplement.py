#!/usr/bin/env python3
"""0008 - something is missing: asked for, supplied, checked again; and everything that can go wrong on the way."""
import stack
from stack import check, component, same

got = {}


def lacking(w):
    """A birth whose certificate (TP01) was not sent."""
    d = w.submit(stack.submission("birth-in-time", components=[]))
    row = d.wait(casework="open")
    same(row["missing"], '["TP01"]')
    return d


def asked(w):
    d = lacking(w)
    d.act("supplement", components=["TP01"], reason="missing_component", citation="Điều 17")
    d.wait(casework="supplement")
    return d


def refused(d, input, *rules):
    answer = d.wait_answer(input, answer="refused")
    check(answer["errors"][0]["rule"] in rules, f"rule {answer['errors']}, expected {rules}")


def supplied(code="TP01", **more):
    return {"components": [component(code, **more)]}


def test_incomplete(w):
    """what is incomplete cannot be accepted"""
    d = lacking(w)
    refused(d, d.act("accept"), "action.incomplete")
    got["d"] = d


def test_not_asked(w):
    """a supplement that nobody asked for is refused"""
    d = got["d"]
    refused(d, d.request("supplemented", supplied()), "request.not_allowed")


def test_unknown_component(w):
    """an officer cannot ask for what the case does not know"""
    d = got["d"]
    refused(d, d.act("supplement", components=["TP77"], reason="missing_component"), "action.component_unknown")


def test_asked(w):
    """asked: the applicant sees what, and until when"""
    d = got["d"]
    d.act("supplement", components=["TP01"], reason="missing_component", citation="Điều 17")
    row = d.wait(casework="supplement")
    status = d.wait_status(state=5)
    same(status["missing"], ["TP01"])
    check(row["expires_at"], "no term")


def test_wrong_supplements(w):
    """from another portal, of an unknown component, twice the same: refused, the waiting goes on"""
    d = got["d"]
    refused(d, d.request("supplemented", supplied(), source="/portal/other"), "request.not_owner")
    refused(d, d.request("supplemented", supplied("TP77")), "component.unknown")
    refused(d, d.request("supplemented", {"components": [component("TP01"), component("TP01")]}), "component.duplicate",
            "component.twice")
    same(d.row()["casework"], "supplement")


def test_supplied(w):
    """supplied: verified again, the case is open again, and can be accepted"""
    d = got["d"]
    d.request("supplemented", supplied())
    row = d.wait(casework="open", round=1)
    same(row["missing"], "[]")
    d.act("accept")
    row = d.wait(casework="accepted")
    check(row["due_at"], "no due time")
    same(d.events("casework").count("reopened"), 1)


def test_still_lacking(w):
    """supplied with a file that is not what was declared: still missing"""
    d = asked(w)
    bad = stack.file_of("other")
    bad["sha256"] = "0" * 64
    d.request("supplemented", {"components": [component("TP01", "electronic", bad)]})
    row = d.wait(casework="open", round=1)
    same(row["missing"], '["TP01"]')
    problems = next(e for e in d.entries("verification") if e["data"]["round"] == 1)["data"]["problems"]
    check(problems and problems[0]["component"] == "TP01", problems)
    refused(d, d.act("supplement", components=["TP01"], reason="missing_component"), "action.supplement_twice")
    d.act("refuse", reason="still_incomplete", citation="Điều 17")
    d.wait(casework="refused")


def test_files(w):
    """files: not there, too short, too long, other bytes: each is a problem, none refuses"""
    deeds = {"none": None, "short": "short", "long": "long", "wrong": "wrong_bytes"}
    for name, deed in deeds.items():
        file = stack.file_of(f"deed-{name}")
        if deed is None:
            file["uri"] = "no-such-object"
        else:
            w.rule(service="objects", match={"name": file["uri"]}, do=deed)
        d = w.submit(stack.submission("birth-in-time", components=[component("TP01", "electronic", file)]))
        row = d.wait(casework="open")
        same(row["missing"], '["TP01"]', name)


def test_store_down(w):
    """an object store that fails, hangs or drips costs time and nothing else"""
    slow = {"fail": dict(times=2), "reset": dict(times=1), "half": dict(times=1), "slow": dict(ms=1500)}
    dossiers = {}
    for deed, more in slow.items():
        file = stack.file_of(f"slow-{deed}")
        w.rule(service="objects", match={"name": file["uri"]}, do=deed, **more)
        dossiers[deed] = w.submit(stack.submission("birth-in-time", components=[component("TP01", "electronic", file)]))
    others = w.submit_all(["birth-in-time"] * 10)
    for d in others:
        d.wait(casework="open")
    for deed, d in dossiers.items():
        same(d.wait(60, casework="open")["missing"], "[]", deed)


def test_in_the_middle(w):
    """asked after acceptance: the clock stands, and runs anew when it is supplied"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    d.act("supplement", components=["TP01"], reason="unclear", citation="Điều 19")
    d.wait(casework="supplement")
    d.request("supplemented", supplied())
    row = d.wait(casework="processing", round=1)
    check(row["due_at"], "no due time")
    d.act("decide", result="granted")
    d.wait(dispatch="released")


def test_paid_after_supplement(w):
    """a fee is deferred while something is missing, and ordered when it has come"""
    d = w.submit(stack.submission("birth-late-exempt", exemption=None, components=[]))
    d.wait(fee="deferred", casework="open")
    missing = stack.json.loads(d.row()["missing"])
    d.act("supplement", components=missing, reason="missing_component")
    d.wait(casework="supplement")
    d.request("supplemented", {"components": [component(code) for code in missing]})
    d.wait(60, fee="paid", casework="open", round=1)


def test_withdrawn_instead(w):
    """withdrawn instead of supplied"""
    d = asked(w)
    d.request("withdrawal_requested")
    d.wait(casework="withdrawn")
    refused_or_unknown = d.wait_answer(d.request("supplemented", supplied()))
    check(refused_or_unknown["answer"] in ("refused", "unknown"), refused_or_unknown)


def test_timer_is_set(w):
    """the term of a supplement is a timer in core.job, at the time that the applicant was told"""
    d = asked(w)
    timer = w.sql.row(f"select due_at, due_at = (select expires_at from core.dossier where id = dossier) as equal "
                      f"from core.job where dossier = '{d.id}' and stage = 4 and kind = 2")
    check(timer and timer["equal"], f"timer {timer}")


stack.main(__file__, globals())
