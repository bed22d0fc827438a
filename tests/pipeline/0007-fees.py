#!/usr/bin/env python3
"""0007 - what is owed, and what becomes of it: free, exempt, reduced, paid, paid wrongly, twice, failed, too late, refunded, cancelled."""
import stack
from stack import check, same, submission, until

LATE = dict(exemption=None)     # birth, registered late: 8 000 đồng, 4 000 online
got = {}


def owing(w, **more):
    """A dossier whose payment is ordered, placed at the platform, and nobody pays."""
    d = w.submit("birth-late-exempt", **LATE, **more)
    d.wait(fee="owed")
    until(lambda: "placed" in d.events("fee"), why=lambda: f"not placed: {d.events('fee')}", step=0.2)
    return d, d.row()["fee_order"], d.row()["amount"]


def init_of(w, d):
    return w.ledger("payment", op="init", dossier=d.id)


def test_free(w):
    """a tariff of nothing: waived, and the platform hears nothing"""
    d = w.submit("birth-in-time")
    row = d.wait(fee="waived", casework="open")
    same(d.entries("fee")[0]["data"]["reason"], "no_fee")
    same((row["amount"], init_of(w, d)), (None, []))


def test_exempt(w):
    """an exemption is waived with its citation"""
    d = w.submit("birth-late-exempt")
    d.wait(fee="waived", casework="open")
    data = d.entries("fee")[0]["data"]
    same(data["reason"], "exempt")
    check(data["citation"], "no citation")
    same(init_of(w, d), [])


def test_half(w):
    """an exemption of half is ordered as half, phí and lệ phí apart"""
    d = w.submit("criminal-record-by-post")
    row = d.wait(fee="owed")
    same((row["phi"], row["le_phi"], row["amount"]), (100000, 0, 100000))


def test_online(w):
    """online costs what the tariff says for online; at the counter the whole"""
    for channel, amount in (("online", 4000), ("counter", 8000)):
        d = w.submit("birth-late-exempt", channel=channel, **LATE)
        row = d.wait(fee="owed")
        same((row["phi"], row["le_phi"], row["amount"]), (0, amount, amount), channel)


def test_order(w):
    """the order: derived id, idempotency key, amount and term at the platform as here"""
    d, order, amount = owing(w)
    same(order, f"{d.id}.F{next(e for e in d.entries('fee') if e['type'].endswith('ordered.v1'))['headers']['ce_version']}")
    init = init_of(w, d)
    same([(l["key"], l["amount"], l["outcome"]) for l in init], [(order, amount, "accepted")])
    status = d.wait_status(state=6)
    same((status["fee"]["amount"], status["fee"]["order"], status["fee"]["state"]), (amount, order, "owed"))


def test_not_before(w):
    """the officer cannot accept what is not paid, and sees nothing of it yet"""
    d, order, amount = owing(w)
    same(d.row()["casework"], "none")
    input = d.act("accept")
    answer = d.wait_answer(input, answer="refused")
    check(answer["errors"][0]["rule"] in ("action.not_allowed", "action.unpaid"), answer)


def test_paid(w):
    """paid: once, by its bank's number, and the case opens"""
    d, order, amount = owing(w)
    d.pay(order, amount, transaction="BANK-1")
    d.wait(fee="paid", casework="open")
    row = d.order()
    same((row["state"], row["transaction_id"]), ("paid", "BANK-1"))
    got["paid"] = d, order, amount


def test_paid_again(w):
    """the same result again is a repeat; the same transaction under another id and another transaction are refused"""
    d, order, amount = got["paid"]
    d.pay(order, amount, transaction="BANK-1", id=f"{order}/BANK-1")
    until(lambda: "repeated" in d.events("fee"), why=lambda: d.events("fee"), step=0.2)
    for transaction, id in (("BANK-1", "another-id"), ("BANK-2", None)):
        input = d.pay(order, amount, transaction=transaction, id=id)
        answer = d.wait_answer(input)
        check(answer["answer"] in ("refused", "repeated"), answer)
    same((d.row()["fee"], d.order()["transaction_id"]), ("paid", "BANK-1"))


def test_wrong(w):
    """wrong amount, wrong currency, unknown order, failed: refused with a rule, the order stays owed, then it is paid"""
    d, order, amount = owing(w)
    for rule, sent in (("payment.amount", dict(order=order, amount=amount - 1)),
                       ("payment.amount", dict(order=order, amount=amount + 1)),
                       ("payment.unknown_order", dict(order=d.id + ".F99", amount=amount)),
                       ("payment.failed", dict(order=order, amount=amount, outcome="failed"))):
        input = d.pay(**sent)
        answer = d.wait_answer(input, answer="refused")
        same([e["rule"] for e in answer["errors"]], [rule])
        same(d.row()["fee"], "owed")
    d.pay(order, amount)
    d.wait(fee="paid", casework="open")


def test_platform_fails(w):
    """a platform that loses its answer, forgets, or is down: in the end one order, no second"""
    deeds = ("drop", "fail_after", "fail", "forget")
    dossiers = {}
    for deed in deeds:
        id = w.new_id()
        w.rule(service="payment", op="init", match={"dossier": stack.dossier_id("/portal/test", id)}, do=deed, times=1)
        dossiers[deed] = w.submit("birth-late-exempt", id=id, **LATE)
    for deed, d in dossiers.items():
        d.wait(fee="owed")
        if deed != "forget":
            until(lambda: "placed" in d.events("fee"), 60, lambda: f"{deed}: {d.events('fee')}; {w.troubles()}", 0.3)
            done = [l for l in init_of(w, d) if l["outcome"] == "accepted"]
            same(len(done), 1, f"{deed}: orders at the platform")


def test_parked_order(w):
    """an order that the platform refused is parked; released, it is placed, and counted out of the parked ones once"""
    id = w.new_id()
    w.rule(service="payment", op="init", match={"dossier": stack.dossier_id("/portal/test", id)}, do="fail", status=400, times=1)
    d = w.submit("birth-late-exempt", id=id, **LATE)
    lane = d.place[0]
    until(lambda: w.lane("fee", lane)["parked"] == 1, 60, lambda: f"not parked: {w.troubles()}")
    w.balance()
    done = w.ctl("parked", "release", "--dossier", d.id, "--yes", "--why", "the platform knows us now", "--wait", "40")
    same(done.returncode, 0, done.stdout[-300:] + done.stderr[-300:])
    until(lambda: "placed" in d.events("fee"), 60, lambda: f"{d.events('fee')}; {w.troubles()}", 0.3)
    until(lambda: w.lane("fee", lane)["parked"] == 0, 10, lambda: f"parked: {w.lane('fee', lane)}")
    w.balance()
    same([l["outcome"] for l in init_of(w, d)].count("accepted"), 1, "orders at the platform")
    check(w.workers["fee"].is_alive(), w.workers["fee"].tail())


def test_expired(w):
    """not paid in time: expired, and the case never opens"""
    w.workers["fee"].end()
    w.wait_up(w.start_worker("fee", **{"fee.term_ms": "1500"}))
    d = w.submit("birth-late-exempt", **LATE)
    d.wait(60, fee="expired", casework="stopped")
    same(d.row()["reason"], "payment_expired")
    d.wait_status(state=8)
    got["expired"] = d


def test_paid_late(w):
    """paid after that: refunded, once"""
    d = got["expired"]
    order = d.order()
    w.http("POST", "/pay", {"order": order["order_id"]})
    d.wait(60, fee="refunded")
    row = d.order()
    same(row["state"], "refunded")
    check(row["refund_id"].startswith(d.id + ".R") and row["refund_transaction"], f"refund {row}")
    refunds = [l for l in w.ledger("payment", op="refund", dossier=d.id) if l["outcome"] == "accepted"]
    same([(l["key"], l["amount"]) for l in refunds], [(row["refund_id"], row["amount"])])
    w.quiet()
    same(d.row()["casework"], "stopped")


def test_refund_answer_lost(w):
    """a refund whose answer is lost is asked for, not told twice"""
    id = w.new_id()
    w.rule(service="payment", op="refund", match={"dossier": stack.dossier_id("/portal/test", id)}, do="drop", times=1)
    d = w.submit("birth-late-exempt", id=id, **LATE)
    d.wait(60, fee="expired")
    w.http("POST", "/pay", {"order": d.row()["fee_order"]})
    d.wait(60, fee="refunded")
    same(len([l for l in w.ledger("payment", op="refund", dossier=d.id) if l["outcome"] == "accepted"]), 1, "refunds")


def test_term_kept(w):
    """a longer term again; a payment just in time is good"""
    w.workers["fee"].end()
    w.wait_up(w.start_worker("fee"))
    d, order, amount = owing(w)
    d.pay(order, amount)
    d.wait(fee="paid", casework="open")


def test_cancelled(w):
    """withdrawn while owed: cancelled; a payment that comes then is refunded"""
    d, order, amount = owing(w)
    d.request("withdrawal_requested")
    d.wait(intake="withdrawn")
    until(lambda: d.row()["fee"] != "owed", why=lambda: d.where())
    same(d.row()["fee"], "cancelled")
    w.http("POST", "/pay", {"order": order})
    d.wait(60, fee="refunded")


stack.main(__file__, globals(), behaviour={"rules": [{"service": "payment", "do": "never"}]}, allowed_errors=[r"end=parked .*cause=effect:order"])
