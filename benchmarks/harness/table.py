"""The one table of a run: each figure of ours, its peer beside it, the bar, and whether it is met."""
import statistics


def median_of(results, key):
    return statistics.median(result[key] for result in results)


def figure(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Table:
    def __init__(self):
        self.rows = []
        self.below = 0

    def compare(self, measure, ours, peer, theirs, at_least=None, at_most=None):
        """A ratio of two rates (or latencies): at_least and at_most bound the ratio."""
        ratio = ours / theirs
        bar, met = "", None
        if at_least is not None:
            bar, met = f"≥ {at_least:.2f}", ratio >= at_least
        if at_most is not None:
            bar, met = f"< {at_most:.2f}", ratio < at_most
        self.add(measure, ours, peer, theirs, f"{ratio:.2f}", bar, met)

    def bound(self, measure, ours, below):
        self.add(measure, ours, None, None, None, f"< {figure(below)}", ours < below)

    def reach(self, measure, ours, least):
        self.add(measure, ours, None, None, None, f"≥ {figure(least)}", ours >= least)

    def show(self, measure, ours, peer=None, theirs=None):
        """A figure without a bar."""
        self.add(measure, ours, peer, theirs, f"{ours / theirs:.2f}" if ours and theirs else None, "", None)

    def add(self, measure, ours, peer, theirs, ratio, bar, met):
        self.below += met is False
        verdict = {None: "", True: "ok", False: "below the bar"}[met]
        self.rows.append([measure, figure(ours), peer or "-", figure(theirs), ratio or "-", bar or "-", verdict or "-"])

    def markdown(self):
        head = ["measure", "alloy", "peer", "peer's figure", "ratio", "bar", "ok?"]
        cells = [head, *self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

        def line(row):
            return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        return "\n".join([line(head), rule, *map(line, self.rows)])
