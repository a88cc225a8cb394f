"""What a run found, printed as it comes."""
import json


class Table:
    """What was found."""

    def __init__(self):
        self.passed = self.failed = 0
        self.figures = []

    def line(self, text):
        kind, _, rest = text.partition(" ")
        name, _, detail = rest.partition("|")
        if kind == "figure":
            self.figures.append((name, detail))
        elif kind in ("ok", "FAILED"):
            self.check(name, kind == "ok", detail)
        elif kind == "skipped":
            print(f"skipped {rest}", flush=True)

    def check(self, name, good, detail=""):
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f"{'ok' if good else 'FAILED':7} {name}{'' if good or not detail else ': ' + detail}", flush=True)

    def keep(self, file, arch, version):
        """Writes the figures down: cross/sizes reads the memory."""
        found = {"arch": arch, "kernel": version, "passed": self.passed, "failed": self.failed, **dict(self.figures)}
        file.write_text(json.dumps(found, indent=1) + "\n")

    def row(self, arch, version):
        """The line of the README's table."""
        known = dict(self.figures)
        cells = [arch, version, known.get("Landlock ABI", "-"), known.get("confinement", "-"),
                 known.get("exposure (systemd-analyze security)", "-"), known.get("memory of the whole tree, idle", "-"),
                 f"{self.passed} of {self.passed + self.failed}"]
        print(f"\n| arch | kernel | Landlock | confinement | exposure | memory, idle | checks |\n| {' | '.join(cells)} |")

    def end(self):
        if self.figures:
            width = max(len(name) for name, _ in self.figures)
            print()
            for name, value in self.figures:
                print(f"{name:{width}}  {value}")
        print(f"\n{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
