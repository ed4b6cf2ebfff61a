"""What the networks are meant to reach on the test phantoms and on the real heads, and whether they do."""

import math
from collections.abc import Sequence

from training.evaluate.bootstrap import false_per_volume, interval, paired, precision, sensitivity, with_interval
from training.evaluate.scores import area, dice, weight_areas, weight_curve

#: Networks without prior by falling alpha, along which rates should move monotonically.
BY_ALPHA = ("jvss-1", "jvss-0.995", "jvss-0.99", "jvss-0.95", "jvss-0.9", "jvss-0.5")
BY_WEIGHT_OF_SSE = ("sse-0.1", "sse-0.5", "sse-0.9")
#: Confirmed findings in this head are not false positives if they lie on its tumour (a vestibular schwannoma, not a
#: metastasis): the template's millimetres to the left, back and top, and how far it reaches from there.
SCHWANNOMA = ("t1gd-siemens-avanto", (20, 36, -25), 12)


def followed(rows: list) -> list:
    return [row for row in rows if row["priorShiftMm"] is not None]


def text(estimate: tuple, digits=3, sign="") -> str:
    """A value with its interval."""
    return "{:{s}.{d}f} ({:{s}.{d}f} to {:{s}.{d}f})".format(*estimate, d=digits, s=sign)


def at_least(estimate: tuple, wanted: float, sign="") -> tuple:
    return estimate[0] >= wanted, text(estimate, sign=sign)


def monotone(scores: dict) -> tuple:
    """No step down in alpha raises sensitivity, or lowers precision, beyond its 95 % interval; returns the steps that
    do.
    """
    wrong = []
    for a, b in zip(BY_ALPHA, BY_ALPHA[1:]):
        if paired(scores[a], scores[b], sensitivity)[1] > 0:
            wrong.append(f"sensitivity from {a} to {b}")
        if paired(scores[a], scores[b], precision)[2] < 0:
            wrong.append(f"precision from {a} to {b}")
    return not wrong, ", ".join(wrong) or "no step against it"


def false_taken(without: list, having: list) -> tuple:
    """The fraction of false positives that disappears, with its interval."""
    return paired(without, having, false_per_volume, lambda a, b: 1 - b / a)


def stable_kept(scores: dict) -> tuple:
    """No stable metastasis that is found without the prior is missed with it."""
    lost = gained = 0
    for without, having in zip(followed(scores["jvss-0.995"]), followed(scores["m-sens"])):
        for before, now in zip(without["lesions"], having["lesions"]):
            lost += before["change"] == "stable" and before["found"] and not now["found"]
            gained += before["change"] == "stable" and now["found"] and not before["found"]
    return lost == 0, f"{lost} lost, {gained} gained"


def areas(scores: dict) -> tuple:
    """JVSS's area exceeds SSE's beyond its interval; returns both, and how much of each lies below the line from (0, 1)
    to its first network.
    """
    families = [[scores[n] for n in networks] for networks in (BY_ALPHA, BY_WEIGHT_OF_SSE)]
    (jvss, sse), drawn = weight_areas(families)
    difference = with_interval(jvss - sse, drawn[:, 0] - drawn[:, 1])
    before = [area(recall[:2], exact[:2]) for recall, exact, _ in map(weight_curve, families)]
    got = f"{jvss:.3f} against {sse:.3f}, of which {before[0]:.3f} and {before[1]:.3f} before the first network (paper: 0.947, 0.899)"
    return difference[1] > 0, f"{text(difference, sign='+')}: {got}"


def channel_is_worse(scores: dict) -> tuple:
    """As a channel, fewer metastases are found or there are more false positives, and neither is better beyond its
    interval.
    """
    found, false = (paired(scores["m-sens"], scores["prior-channel"], rate) for rate in (sensitivity, false_per_volume))
    worse = (found[0] < 0 or false[0] > 0) and found[1] <= 0 and false[2] >= 0
    return worse, f"sensitivity {text(found, sign='+')}, false positives a volume {text(false, 2, '+')}"


#: In words, the networks needed, and scores -> (reached, what was measured).
TARGETS = (
    ("sensitivity falls and precision rises with falling α", BY_ALPHA, monotone),
    (
        "α = 0.995 finds ≥ 5 points more than BCE",
        ("jvss-0.995", "bce-no-prior"),
        lambda s: at_least(paired(s["bce-no-prior"], s["jvss-0.995"], sensitivity), 0.05, "+"),
    ),
    (
        "α = 0.5 is ≥ 20 points more precise than BCE",
        ("jvss-0.5", "bce-no-prior"),
        lambda s: at_least(paired(s["bce-no-prior"], s["jvss-0.5"], precision), 0.2, "+"),
    ),
    (
        "area under JVSS's precision–recall curve over α above SSE's over its weights",
        (*BY_ALPHA, *BY_WEIGHT_OF_SSE),
        areas,
    ),
    (
        "the prior takes ≥ 36 % of M_sens's false positives",
        ("m-sens", "jvss-0.995"),
        lambda s: at_least(false_taken(s["jvss-0.995"], s["m-sens"]), 0.36),
    ),
    (
        "and ≥ 45 % on follow-ups",
        ("m-sens", "jvss-0.995"),
        lambda s: at_least(false_taken(followed(s["jvss-0.995"]), followed(s["m-sens"])), 0.45),
    ),
    (
        "for ≤ 1.5 points of sensitivity",
        ("m-sens", "jvss-0.995"),
        lambda s: at_least(paired(s["jvss-0.995"], s["m-sens"], sensitivity), -0.015, "+"),
    ),
    ("and loses no stable metastases", ("m-sens", "jvss-0.995"), stable_kept),
    ("the prior as a channel is worse than as a path", ("m-sens", "prior-channel"), channel_is_worse),
    ("M_sens: sensitivity ≥ 0.93", ("m-sens",), lambda s: at_least(interval(s["m-sens"], sensitivity), 0.93)),
    ("M_spec: precision ≥ 0.98", ("m-spec",), lambda s: at_least(interval(s["m-spec"], precision), 0.98)),
    ("mean Dice of M_sens ≥ 0.80", ("m-sens",), lambda s: at_least(interval(s["m-sens"], dice), 0.8)),
)


def ensemble_target(volumes: Sequence) -> tuple:
    """False candidates per volume; `volumes` are the `ensemble` of `training.evaluate`."""
    got = interval(volumes, lambda volume: (volume["candidatesFalse"], 1))
    return got[0] <= 1.5, text(got, 2)


def on_the_schwannoma(head: str, finding: dict) -> bool:
    name, centre, reach = SCHWANNOMA
    return head == name and math.dist(finding["templateMm"], centre) <= reach


def real_heads_target(heads: Sequence) -> tuple:
    """No confirmed finding except on the schwannoma."""
    elsewhere = [
        f
        for head in heads
        for f in head["findings"]
        if f["confidence"] == "confirmed" and not on_the_schwannoma(head["head"], f)
    ]
    return not elsewhere, str(len(elsewhere))


def target_table(scores: dict, ensemble: Sequence = (), heads: Sequence = ()) -> list:
    """Markdown lines; a target whose networks were not all scored says so."""
    judged = []
    for words, needed, judge in TARGETS:
        missing = [network for network in needed if network not in scores]
        judged.append((words, (None, f"not scored: {', '.join(missing)}") if missing else judge(scores)))
    judged.append(
        (
            "the ensemble: ≤ 1.5 false candidates a volume",
            ensemble_target(ensemble) if ensemble else (None, "not scored"),
        )
    )
    judged.append(
        (
            "real heads: no confirmed finding but on the schwannoma",
            real_heads_target(heads) if heads else (None, "not read"),
        )
    )
    lines = ["| target | got (95 %) | reached |", "|---|---|---|"]
    for words, (reached, got) in judged:
        lines.append(f"| {words} | {got} | {'' if reached is None else 'yes' if reached else '**no**'} |")
    return lines
