#!/usr/bin/env python3
"""0009 - the result reaches the applicant: online, at the counter, by post with everything that happens to parcels."""
import stack
from stack import check, same, until


def decided(w, template="identity-card", id=None, **changes):
    d = w.submit(template, id=id, **changes)
    d.wait(60, casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(casework="decided")
    return d


def with_rule(w, **rule):
    """A postal dossier for which the post does something of its own."""
    id = w.new_id()
    op = {"op": rule.pop("op")} if "op" in rule else {}
    w.rule(service="postal", match={"dossier": stack.dossier_id("/portal/test", id)}, **op, **rule)
    return decided(w, id=id)


def orders(w, d):
    return [l for l in w.ledger("postal", op="order", dossier=d.id) if l["outcome"] == "accepted"]


def test_online(w):
    """online: released at once with its document"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    document = {"uri": "result-2000", "size": 2000, "sha256": stack.file_of("result")["sha256"]}
    d.act("decide", result="granted", document=document)
    d.wait(dispatch="released")
    status = d.wait_status(state=10)
    same((status["result"], status["delivery"]["method"]), ("granted", "online"))


def test_denied(w):
    """denied without a citation is no message; with it, it goes out like any result"""
    d = w.submit("birth-in-time")
    d.wait(casework="open")
    d.act("accept")
    d.wait(casework="accepted")
    d.wait_answer(d.act("decide", result="denied"), answer="refused")
    d.act("decide", result="denied", citation="Điều 17")
    d.wait(dispatch="released", result="denied")


def test_counter(w):
    """counter: waits there until it is handed over to the owner or somebody authorised"""
    d = decided(w, "marriage")
    d.wait(dispatch="counter")
    d.wait_status(state=9)
    d.act("hand_over", receiver={"relation": "owner", "document_kind": "identity_card"})
    d.wait(dispatch="handed_over")
    d.wait_status(state=10)
    again = d.wait_answer(d.act("hand_over", receiver={"relation": "owner", "document_kind": "passport"}))
    same(d.events("dispatch").count("handed_over"), 1, f"handed over twice? {again}")


def test_no_counter(w):
    """what goes online or by post is not handed over at the counter"""
    d = decided(w)
    answer = d.wait_answer(d.act("hand_over", receiver={"relation": "owner", "document_kind": "passport"}), answer="refused")
    same(answer["errors"][0]["rule"], "action.not_counter")
    d.wait(60, dispatch="delivered")


def test_delivered(w):
    """by post: ordered once under its own id, posted, in transit, delivered"""
    d = decided(w)
    d.wait(60, dispatch="delivered")
    same(d.events("dispatch"), ["parcel_ordered", "parcel_placed", "parcel_posted", "parcel_in_transit", "parcel_delivered"])
    same(len(orders(w, d)), 1)
    row = d.parcel()
    same((row["state"], row["parcel_id"], row["item_code"]), ("delivered", orders(w, d)[0]["key"], d.row()["item_code"]))
    status = d.wait_status(state=10)
    same(status["delivery"]["item_code"], row["item_code"])


def test_attempt_failed(w):
    """nobody at home once, then delivered"""
    d = with_rule(w, do="attempt_failed")
    d.wait(60, dispatch="delivered")
    same(d.events("dispatch").count("parcel_attempt_failed"), 1)
    same(d.parcel()["attempts"] >= 1, True, "attempts")


def test_returned(w):
    """nobody at home twice: returned, and the applicant sees it"""
    d = with_rule(w, do="returned")
    d.wait(60, dispatch="returned")
    same(d.parcel()["state"], "returned")
    status = d.wait_status()
    check(status["delivery"]["state"] == "returned", status)


def test_twice_and_out_of_order(w):
    """news that come twice or in the wrong order move nothing backwards"""
    for deed in ("twice", "out_of_order"):
        d = with_rule(w, do=deed)
        d.wait(60, dispatch="delivered")
        w.quiet()
        same(d.row()["dispatch"], "delivered", deed)


def test_order_trouble(w):
    """an order whose answer is lost, or that fails, is asked for: one parcel in the end"""
    for deed in ("drop", "fail_after", "fail"):
        d = with_rule(w, op="order", do=deed, times=1)
        d.wait(60, dispatch="delivered")
        same(len(orders(w, d)), 1, deed)


def test_bad_address(w):
    """an address the post does not take: failed, visibly"""
    d = decided(w, delivery={"address": {"province": "99", "commune": "99999"}})
    row = d.wait(60, dispatch=("failed", "delivered"))
    check(row["dispatch"] in ("failed", "delivered"), row)


def test_false_news(w):
    """news of another parcel, with another item code, before there is any: refused"""
    d = with_rule(w, do="stuck")
    d.wait(60, dispatch="posted")
    parcel, item = d.row()["parcel"], d.row()["item_code"]
    for rule, sent in (("postal.unknown_parcel", (d.id + ".P99", "delivered", item)),
                       ("postal.item_code", (parcel, "delivered", "EA999999999VN"))):
        answer = d.wait_answer(d.post(sent[0], sent[1], sent[2]), answer="refused")
        same(answer["errors"][0]["rule"], rule)
        same(d.row()["dispatch"], "posted")
    d.post(parcel, "in_transit", item)
    d.wait(dispatch="in_transit")
    d.post(parcel, "posted", item)
    until(lambda: "parcel_noted" in d.events("dispatch"), why=lambda: d.events("dispatch"), step=0.2)
    same(d.row()["dispatch"], "in_transit")
    d.post(parcel, "delivered", item, receiver={"relation": "owner", "document_kind": "identity_card"})
    d.wait(dispatch="delivered")


stack.main(__file__, globals())
