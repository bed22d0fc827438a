"""kill_load - dossiers of all sorts, and ten of a hundred messages that are wrong, repeated, too early or too late.

messages() follows from the seed; a message is what tests/pipeline/produce.c takes.
"""
import itertools, random, uuid

import stack
from stack import as_json, dossier_id, headers, now_text, submission

TEMPLATES = [("birth-in-time", {}), ("birth-late-exempt", {"exemption": None}), ("birth-late-exempt", {}),
             ("criminal-record-by-post", {}), ("marriage", {}), ("birth-missing-component", {}), ("identity-card", {}),
             ("enterprise-address", {}), ("certified-copy-at-the-counter", {}), ("household-business", {}),
             ("permanent-residence", {})]
PORTALS = ["/portal/north", "/portal/south"]
SUBMITTED = "vn.dossier.submitted.v1"
# What the world outside does now and then by itself.
BEHAVIOUR = {"defaults": {
    "population": {"fail": 0.02, "drop": 0.01, "mismatch": 0.02, "not_found": 0.02},
    "enterprise": {"fail": 0.02, "not_found": 0.02}, "objects": {"fail": 0.01, "half": 0.01},
    "payment": {"fail": 0.03, "drop": 0.03, "fail_after": 0.02, "twice": 0.05, "fail_first": 0.05, "pay_after_ms": 500},
    "postal": {"fail": 0.03, "drop": 0.03, "fail_after": 0.02, "twice": 0.05, "attempt_failed": 0.05, "out_of_order": 0.05},
    "sms": {"fail": 0.01, "drop": 0.01}, "email": {"fail": 0.01},
    "officer": {"twice": 0.05, "refuse": 0.02, "deny": 0.03, "officer_ms": 300}, "citizen": {"twice": 0.05, "partial": 0.1}}}


def named(message):
    """Source and id of a good one."""
    h = dict(message["headers"])
    return h["ce_source"], h["ce_id"]


class Load:
    def __init__(self, seed, lanes):
        self.random = random.Random(f"{seed}/load")
        self.seed, self.lanes, self.n = seed, lanes, 0
        self.dossiers = {}              # id: (source, ce_id), of what must be there in the end
        self.dead = 0                   # messages that end as dead letters
        self.often_dead = False         # the kill points of dead letters lack visits

    # one message

    def new_id(self, what="d"):
        self.n += 1
        return f"k{self.seed}-{what}{self.n:06d}"

    def submit(self, data, source, id, partition=None, text=None):
        m = {"topic": "dossier.submissions", "key": id, "headers": headers(SUBMITTED, source, id),
             "value": text if text is not None else as_json(data)}
        if partition is not None:
            m["partition"] = partition
        self.dossiers.setdefault(dossier_id(source, id), (source, id))
        return m

    def about(self, topic, type, dossier, data, source, id=None, partition=None, value=None, subject=None):
        id = id or self.new_id("m")
        m = {"topic": topic, "key": dossier, "headers": headers(type, source, id, subject or dossier),
             "value": value if value is not None else as_json(data)}
        m["partition"] = self.random.randrange(self.lanes) if partition is None else partition
        return m

    # what is wrong

    def unreadable(self):
        """Dead letters: one of each outside topic, in turns."""
        r = self.random
        topic, type = r.choice([("dossier.submissions", SUBMITTED), ("citizen.requests", "vn.dossier.withdrawal_requested.v1"),
                                ("payment.results", "vn.dossier.payment.result.v1"),
                                ("agency.actions", "vn.dossier.action.accept.v1"),
                                ("postal.updates", "vn.dossier.postal.update.v1")])
        id = self.new_id("x")
        good = headers(type, "/portal/broken", id, str(uuid.UUID(int=r.getrandbits(128))))
        lacks = r.choice(["ce_id", "ce_source", "ce_type", "ce_specversion", "content-type"])
        bad = r.choice([[h for h in good if h[0] != lacks], [], [*good, ["ce_id", "twice"]],
                        [h if h[0] != "ce_type" else ["ce_type", "vn.dossier.unheard_of.v1"] for h in good],
                        [h if h[0] != "ce_id" else ["ce_id", {"hex": "61ff00"}] for h in good]])
        self.dead += 1
        return [{"topic": topic, "key": id, "headers": bad, "value": "{}", "partition": r.randrange(self.lanes)}]

    def wrong_submission(self):
        """Rejected, with an answer: no JSON, or JSON that breaks the contract or the law."""
        r, data = self.random, submission()
        text = as_json(data)
        text = r.choice([text[:len(text) // 2], "", "[]", text.replace("{", "{\"a\":1,\"a\":2,", 1),
                         as_json({**data, "procedure": "9.999999"}), as_json({**data, "applicant": None}),
                         as_json({**data, "surprise": 1}), as_json({**data, "agency": "H55.999"})])
        return [self.submit(None, r.choice(PORTALS), self.new_id("w"), text=text)]

    def stray(self):
        """About a dossier that nobody has submitted."""
        r, id = self.random, str(dossier_id("/portal/nobody", self.new_id("s")))
        return [r.choice([
            lambda: self.about("citizen.requests", "vn.dossier.withdrawal_requested.v1", id, {}, "/portal/nobody"),
            lambda: self.about("agency.actions", "vn.dossier.action.accept.v1", id, stack.OFFICER, "/agency/H55.242"),
            lambda: self.about("payment.results", "vn.dossier.payment.result.v1", id, self.payment(id), "/bridge/payment"),
            lambda: self.about("postal.updates", "vn.dossier.postal.update.v1", id, {"parcel": f"{id}.P9",
                               "item_code": "EA123456785VN", "state": "posted", "at": now_text()}, "/bridge/post")])()]

    def payment(self, id):
        return {"order": f"{id}.F999", "amount": 8000, "currency": "VND", "outcome": "paid",
                "transaction": f"T{self.random.getrandbits(40):x}", "paid_at": now_text()}

    def repeated(self, sent):
        """The same submission again, elsewhere; sometimes with other bytes, which is a conflict."""
        r, m = self.random, self.random.choice(sent)
        value = m["value"] + (" " if r.random() < 0.3 else "")
        return [{**m, "value": value, "partition": r.randrange(self.lanes)} for _ in range(r.choice((1, 1, 3)))]

    def out_of_turn(self, sent):
        """About a dossier that lives: too early, too late, or not asked for."""
        r, m = self.random, self.random.choice(sent)
        source, name = named(m)
        id = dossier_id(source, name)
        made = r.choice([
            lambda: self.about("citizen.requests", "vn.dossier.withdrawal_requested.v1", id, {}, source),
            lambda: self.about("citizen.requests", "vn.dossier.supplemented.v1", id,
                               {"components": [stack.component("TP01")]}, source),
            lambda: self.about("citizen.requests", "vn.dossier.delivery_change_requested.v1", id,
                               {"delivery": {"method": "counter"}}, source),
            lambda: self.about("citizen.requests", "vn.dossier.supplemented.v1", id, None, source, value="{\"nothing\":"),
            lambda: self.about("agency.actions", "vn.dossier.action.assign.v1", id, stack.OFFICER, "/agency/H55.242"),
            lambda: self.about("agency.actions", "vn.dossier.action.decide.v1", id, {"result": "perhaps"}, "/agency/H55.242"),
            lambda: self.about("payment.results", "vn.dossier.payment.result.v1", id, self.payment(id), "/bridge/payment"),
        ])()
        return [made] * r.choice((1, 1, 2))

    # all of them

    def messages(self):
        """Lists of messages, without an end; each is sent at once, in this order."""
        r, sent = self.random, []
        for n in itertools.count():
            template, changes = TEMPLATES[n % len(TEMPLATES)]
            data = submission(template, **changes)
            m = self.submit(data, r.choice(PORTALS), self.new_id())
            group = [m]
            if r.random() < 0.02:       # a request that is there before its dossier
                source, name = named(m)
                group.insert(0, self.about("citizen.requests", "vn.dossier.withdrawal_requested.v1",
                                           dossier_id(source, name), {}, source))
            sent = sent[-400:] + [m]
            if r.random() < 0.11:
                group += r.choice([self.unreadable, self.wrong_submission, self.stray, lambda: self.repeated(sent),
                                   lambda: self.out_of_turn(sent), lambda: self.out_of_turn(sent)])()
            if self.often_dead and r.random() < 0.2:
                group += self.unreadable()
            yield group
