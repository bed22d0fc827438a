"""verify_rule - an invariant is a function with a name: it counts what it looked at and names what breaks it."""

RULES = []
FIRST = 5


class Say:
    """What one invariant found."""

    def __init__(self):
        self.counts, self.bad = {}, []

    def count(self, **numbers):
        for name, n in numbers.items():
            self.counts[name] = self.counts.get(name, 0) + n

    def wrong(self, what):
        self.bad.append(what)


def rule(name, about):
    def keep(function):
        RULES.append((name, about, function))
        return function
    return keep
