#!/usr/bin/env python3
"""0014 - the applicant thinks again: withdrawals and changes of delivery, in time and too late."""
import stack
from stack import check, same

ADDRESS = {"name": "Nguyễn Thị Lan", "phone": "+84912345678", "province": "19", "commune": "05443", "detail": "Số 5"}


def opened(w, **changes):
    d = w.submit("birth-in-time", **changes)
    d.wait(casework="open")
    return d


def refused(d, input, *rules):
    answer = d.wait_answer(input, answer="refused")
    check(answer["errors"][0]["rule"] in rules, f"rule {answer['errors']}, expected {rules}")


def test_withdrawn_everywhere(w):
    """withdrawn while open, accepted, in processing: ended, and told so"""
    for state in ("open", "accepted", "processing"):
        d = opened(w)
        if state != "open":
            d.act("accept")
            d.wait(casework="accepted")
        if state == "processing":
            d.act("assign", unit="Tư pháp")
            d.wait(casework="processing")
        d.request("withdrawal_requested", {"reason": "Tôi không cần nữa"})
        d.wait(intake="withdrawn", casework="withdrawn")
        d.wait_status(state=7)
        refused(d, d.act("accept"), "action.not_allowed", "action.withdrawn")


def test_too_late(w):
    """after the decision a withdrawal is refused, the result goes out"""
    d = opened(w)
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(dispatch="released")
    refused(d, d.request("withdrawal_requested"), "request.not_allowed", "request.finished_dossier", "request.decided")
    same(d.row()["intake"], "registered")


def test_not_the_owner(w):
    """another portal cannot withdraw or redirect it"""
    d = opened(w)
    refused(d, d.request("withdrawal_requested", source="/portal/other"), "request.not_owner")
    refused(d, d.request("delivery_change_requested", {"delivery": {"method": "counter"}}, source="/portal/other"),
            "request.not_owner")
    same((d.row()["intake"], d.row()["delivery"]), ("registered", "online"))


def test_same_id_other_content(w):
    """the same ce_id for another request is told apart from a repeat"""
    d = opened(w)
    d.request("delivery_change_requested", {"delivery": {"method": "counter"}}, id="one-" + d.ce_id)
    d.wait(delivery="counter")
    answer = d.wait_answer(d.request("delivery_change_requested", {"delivery": {"method": "online"}}, id="one-" + d.ce_id))
    check(answer["answer"] in ("conflict", "repeated"), answer)
    same(d.row()["delivery"], "counter")


def test_change_to_post(w):
    """online becomes postal before the decision: the parcel goes to the new address"""
    d = opened(w)
    d.request("delivery_change_requested", {"delivery": {"method": "postal", "address": ADDRESS}})
    d.wait(delivery="postal")
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(60, dispatch="delivered")
    ordered = w.ledger("postal", op="order", dossier=d.id)
    same([(l["outcome"], l.get("number")) for l in ordered], [("accepted", "*678")])


def test_change_to_counter(w):
    """postal becomes counter: no parcel is ordered"""
    d = w.submit("identity-card")
    d.wait(casework="open")
    d.request("delivery_change_requested", {"delivery": {"method": "counter"}})
    d.wait(delivery="counter")
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(dispatch="counter")
    same(w.ledger("postal", dossier=d.id), [])


def test_changes(w):
    """changed three times: the last one counts"""
    d = opened(w)
    for method in ("counter", "online", "counter"):
        d.request("delivery_change_requested", {"delivery": {"method": method}})
        d.wait(delivery=method)
    same(d.events("intake").count("delivery_changed"), 3)


def test_wrong_changes(w):
    """to a method that is not offered, or to nowhere: refused"""
    d = w.submit("marriage")
    d.wait(casework="open")
    refused(d, d.request("delivery_change_requested", {"delivery": {"method": "online"}}), "delivery.not_offered")
    refused(d, d.request("delivery_change_requested", {"delivery": {"method": "postal"}}), "required", "delivery.address",
            "delivery.not_offered")
    same(d.row()["delivery"], "counter")


def test_change_too_late(w):
    """after the decision it is too late to redirect the result"""
    d = w.submit("marriage")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(dispatch="counter")
    refused(d, d.request("delivery_change_requested", {"delivery": {"method": "counter"}}), "request.not_allowed",
            "request.decided")


def test_at_once(w):
    """a withdrawal and an acceptance at the same moment: either, and never both in vain"""
    dossiers = w.submit_all(["birth-in-time"] * 20)
    for d in dossiers:
        d.wait(casework="open")
    for d in dossiers:
        d.act("accept")
        d.request("withdrawal_requested")
    for d in dossiers:
        d.wait(intake="withdrawn", casework="withdrawn")
    w.quiet()
    for d in dossiers:
        same((d.row()["intake"], d.row()["casework"]), ("withdrawn", "withdrawn"))


stack.main(__file__, globals())
