#!/usr/bin/env python3
"""0011 - messages about dossiers that do not exist, are not there yet, or have ended: answered, visible, and the lane goes on."""
import uuid

import stack
from stack import check, same

MESSAGES = {
    "a withdrawal": ("withdrawal_requested", {}, "intake"),
    "a supplement": ("supplemented", {"components": [stack.component("TP02")]}, "intake"),
    "a change of delivery": ("delivery_change_requested", {"delivery": {"method": "online"}}, "intake"),
    "an acceptance": ("action.accept", stack.OFFICER, "casework"),
    "a decision": ("action.decide", {**stack.OFFICER, "result": "granted"}, "casework"),
    "a payment": ("payment.result", {"order": "{id}.F2", "amount": 8000, "currency": "VND", "outcome": "paid",
                                     "transaction": "T1", "paid_at": stack.now_text()}, "fee"),
    "news of a parcel": ("postal.update", {"parcel": "{id}.P2", "item_code": "EA123456785VN", "state": "posted",
                                           "at": stack.now_text()}, "dispatch"),
}
ended = {}


def filled(data, id):
    return {k: v.replace("{id}", id) if isinstance(v, str) else v for k, v in data.items()}


def nobody(w):
    """A dossier that was never submitted."""
    return stack.Dossier(w, "/portal/nobody", uuid.uuid4().hex, {"agency": "H55.242"}, (1, 0))


def unknown_test(name, type, data, stage):
    def test(w):
        d = nobody(w)
        input = d.say(f"vn.dossier.{type}.v1", filled(data, d.id))
        answer = d.wait_answer(input, answer="unknown")
        same(answer["request"], f"vn.dossier.{type}.v1")
        entries = d.entries(stage)
        same([e["type"] for e in entries], [f"vn.dossier.{stage}.unknown.v1"])
        same((entries[0]["headers"]["ce_version"], entries[0]["headers"].get("ce_answer")), ("0", "1"))
        same(d.row(), None, "a row")
    test.__doc__ = f"unknown dossier: {name} is answered"
    return test


for i, (name, row) in enumerate(MESSAGES.items()):
    globals()[f"test_1{i}"] = unknown_test(name, *row)


def test_2_end(w):
    """dossiers that have ended: withdrawn, refused, released, rejected"""
    for name in ("withdrawn", "refused", "released"):
        ended[name] = w.submit("birth-in-time")
    ended["rejected"] = w.submit("birth-in-time", procedure="1.999999")
    for name in ("withdrawn", "refused", "released"):
        ended[name].wait(casework="open")
    ended["withdrawn"].request("withdrawal_requested")
    ended["refused"].act("refuse", reason="not_competent", citation="Điều 17")
    ended["released"].act("accept")
    ended["released"].wait(casework="accepted")
    ended["released"].act("decide", result="granted")
    ended["withdrawn"].wait(casework="withdrawn")
    ended["refused"].wait(casework="refused")
    ended["released"].wait(dispatch="released")
    ended["rejected"].wait(intake="rejected")


def finished_test(state, name, type, data, stage):
    def test(w):
        d = ended[state]
        w.quiet()
        before = d.row()
        input = d.say(f"vn.dossier.{type}.v1", filled(data, d.id))
        answer = d.wait_answer(input)
        check(answer["answer"] in ("refused", "unknown"), f"answer {answer}")
        if answer["answer"] == "refused":
            check(answer["errors"] and answer["errors"][0]["message_vi"], "no reason")
        w.quiet()
        after = d.row()
        same([after[s] for s in stack.STAGES], [before[s] for s in stack.STAGES], "states")
        check(after["version"] <= before["version"] + 1, "version")
    test.__doc__ = f"{state} dossier: {name} changes nothing and is answered"
    return test


for j, state in enumerate(("withdrawn", "refused", "released", "rejected")):
    for i, (name, row) in enumerate(MESSAGES.items()):
        globals()[f"test_3{j}{i}"] = finished_test(state, name, *row)


def test_4_finished_rule(w):
    """the rule says that it has ended"""
    d = ended["withdrawn"]
    input = d.request("delivery_change_requested", {"delivery": {"method": "online"}})
    answer = d.wait_answer(input)
    same([e["rule"] for e in answer["errors"]], ["request.finished_dossier"])


def test_5_timeline(w):
    """refused messages of the living stand in the dossier's timeline"""
    out = w.ctl("timeline", ended["released"].id).stdout
    check("action_refused" in out, out)


stack.main(__file__, globals())
