"""kill_plan - what will be done to whom, and when: it follows from the seed, not from the clock.

    events        (at, target, deed, seconds): what hits workers, broker, database and simulators from outside
    Points        at which kill point each life of a process ends: the dice follow from the seed, but what lacks visits weighs more
"""
import collections, random, subprocess

# How often each deed is drawn, of a hundred. The deck is shuffled and dealt, so that none is left out.
DECK = [
    # worker
    ("worker", "kill", 42), ("worker", "stop", 16), ("worker", "restart", 15), ("workers", "kill", 3),
    # servers
    ("broker", "kill", 2), ("broker", "stop", 1), ("broker", "restart", 1),
    ("database", "kill", 2), ("database", "head", 1), ("database", "backend", 2), ("database", "stop", 1), ("database", "restart", 2),
    ("database", "mute", 2),
    ("simulators", "kill", 5), ("simulators", "stop", 2), ("simulators", "restart", 3),
]
# Beyond every time-out that matters: the session's (3 s), the one of effects (2 s), that of a trip to the database (8 s).
SECONDS = {("worker", "stop"): (4, 7), ("broker", "stop"): (6, 9), ("database", "stop"): (3, 10),
           ("database", "mute"): (10, 12), ("simulators", "stop"): (2, 5)}

# Places that only some workers have.
ONLY = {
    "inquiry.begun": ("verification", "lookup", "tracking"), "inquiry.answered": ("verification", "lookup"),
    "serial.taken": ("intake",), "snapshot.sent": ("tracking",), "snapshot.flushed": ("tracking",),
    "effect.settled": ("fee", "dispatch", "tracking"), "effect.start": ("fee", "dispatch", "tracking"),
    "effect.started": ("fee", "dispatch", "tracking"), "effect.answered": ("fee", "dispatch", "tracking"),
    "dead.sent": ("intake", "fee", "casework", "dispatch"), "dead.announced": ("intake", "fee", "casework", "dispatch"),
    "turn.stored": ("intake", "lookup", "fee", "dispatch", "tracking"),
}
# What few messages bring about, or none: armed beside the others, one of each group in turns, for as long as it lacks.
SELDOM = (("commit.unsure", "commit.settled"), ("producer.spent", "producer.renewed"), ("dead.sent", "dead.announced"),
          ("stop.begin", "stop.landed", "stop.flushed"))
# Passed so often that the first visit is not always the one.
OFTEN = ("turn.", "fence.", "commit.sent", "commit.answered", "publish.", "snapshot.", "effect.", "inquiry.", "step.")


def names(program):
    """All kill points, as the program lists them."""
    done = subprocess.run([program], env={"DOSSIER_KILL_POINT": "list"}, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def deal(deck, n, random_):
    """n cards: the deck again and again, shuffled each time."""
    cards = []
    while len(cards) < n:
        cards += random_.sample(deck, len(deck))
    return cards[:n]


def events(seed, n, seconds, processes):
    """n deeds spread over so many seconds."""
    r = random.Random(f"{seed}/events")
    if n >= 100:
        deck = [(target, deed) for target, deed, share in DECK for _ in range(share)]
        cards = deal(deck, n, r)
    else:
        # A short run has each of them, and then more of the frequent ones.
        cards = [(target, deed) for target, deed, _ in DECK]
        cards += r.choices(cards[:4] + [("simulators", "kill")], [6, 3, 3, 1, 1], k=n - len(cards))
        r.shuffle(cards)
    at, found = 0.0, []
    for target, deed in cards:
        at += r.expovariate(1)
        low, high = SECONDS.get((target, deed), (0, 0))
        found.append([at, r.choice(processes) if target == "worker" else target, deed, round(r.uniform(low, high), 1)])
    for e in found:
        e[0] *= seconds / at
    return [tuple(e) for e in found]


class Points:
    """Where each life ends: drawn from what its stage can reach, and the more a place lacks, the more often."""

    def __init__(self, seed, stages, all_names, least):
        """stages: {process: its stage}; least: how often each place is to be met, by all processes together."""
        self.random = {p: random.Random(f"{seed}/points/{p}") for p in stages}
        self.stages, self.all, self.least = stages, all_names, least
        self.visits, self.missed, self.lives = collections.Counter(), collections.Counter(), collections.Counter()
        self.armed = {}                 # process: the place of its present life
        self.patient = 0                # above 0: lives are to last until something happens to them
        self.seldom = sum(SELDOM, ())

    def reaches(self, process, name):
        return self.stages[process] in ONLY.get(name, (self.stages[process],))

    def lacks(self, name):
        return max(0, self.least - self.visits[name])

    def weight(self, process, name):
        """What is to be met still, for each process that can; less, where it was armed in vain."""
        under_way = sum(n == name for p, n in self.armed.items() if p != process)
        able = sum(self.reaches(p, name) for p in self.stages)
        return max(0, self.lacks(name) - under_way) / able / (1 + self.missed[process, name])

    def next(self, process):
        """(its place or None, the setting) of the next life."""
        r = self.random[process]
        if process in self.armed:
            self.missed[process, self.armed[process]] += 1
        self.lives[process] += 1
        if self.patient > 0:
            self.armed.pop(process, None)
            return None, ",".join(self.beside(process))
        usual = [n for n in self.all if n not in self.seldom and self.reaches(process, n)]
        weights = [self.weight(process, n) for n in usual]
        name = r.choices(usual, weights if any(weights) else None)[0]
        self.armed[process] = name
        nth = r.choice((1, 2, 3, 6, 12)) if name.startswith(OFTEN) else 1
        return name, ",".join([f"{name}:{nth}", *self.beside(process)])

    def beside(self, process):
        for group in SELDOM:
            lacking = [n for n in group if self.lacks(n) and self.reaches(process, n)]
            if lacking:
                yield lacking[self.lives[process] % len(lacking)]

    def died(self, process, name):
        self.visits[name] += 1
        if self.armed.pop(process, None) == name:
            self.missed[process, name] = 0
