"""verify_states - stages, topics and moves, read from schemas/ by a reader of our own."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STAGES = ["intake", "verification", "lookup", "fee", "casework", "dispatch", "tracking"]
JOURNALS = ["dossier.intake", "dossier.verification", "dossier.lookup", "dossier.fee", "dossier.casework",
            "dossier.dispatch", "dossier.notifications"]
OUTSIDE = {"dossier.submissions": 0, "citizen.requests": 0, "payment.results": 3, "agency.actions": 4, "postal.updates": 5}
# What each stage reads, lead first: the order of the arrays in core.lane (DESIGN, 2).
READS = [["dossier.submissions", "citizen.requests"], ["dossier.intake"], ["dossier.verification"],
         ["dossier.lookup", "payment.results", "dossier.casework", "dossier.dispatch"],
         ["dossier.fee", "dossier.intake", "agency.actions"],
         ["dossier.casework", "dossier.fee", "dossier.intake", "postal.updates"], JOURNALS[:6]]
TYPES = {"dossier.submissions": {"vn.dossier.submitted.v1"},
         "citizen.requests": {"vn.dossier.supplemented.v1", "vn.dossier.withdrawal_requested.v1",
                              "vn.dossier.delivery_change_requested.v1"},
         "payment.results": {"vn.dossier.payment.result.v1"},
         "agency.actions": {"vn.dossier.action." + a + ".v1" for a in ("accept", "refuse", "supplement", "assign", "decide",
                                                                       "hand_over")},
         "postal.updates": {"vn.dossier.postal.update.v1"}}


class Moves:
    """One file of schemas/states."""

    def __init__(self, path):
        self.codes, self.final, self.waits, self.moves, self.answers = {}, set(), {}, {}, set()
        with open(path, encoding="utf-8") as f:
            for line in f:
                self.read(line.split("#")[0].split())

    def read(self, words):
        if not words:
            return
        if words[0] == "state":
            self.codes[words[1]] = int(words[2])
            if "final" in words[3:]:
                self.final.add(words[1])
            if "waits" in words[3:]:
                self.waits[words[1]] = words[words.index("waits") + 1].split(",")
        elif words[0] == "move":
            self.moves[words[1]] = (set(words[2].split(",")), words[3])
        elif words[0] == "answer":
            self.answers.add(words[1])
        else:
            raise ValueError(f"what is {words[0]!r}?")

    def name(self, code):
        return next((n for n, c in self.codes.items() if c == code), str(code))


def load(folder=None):
    folder = folder or os.path.join(ROOT, "schemas", "states")
    return {stage: Moves(os.path.join(folder, stage + ".moves")) for stage in STAGES}


def topics():
    """Every topic of schemas/topics.list."""
    with open(os.path.join(ROOT, "schemas", "topics.list"), encoding="utf-8") as f:
        return [line.split()[0] for line in f if line.strip() and not line.startswith("#")]
