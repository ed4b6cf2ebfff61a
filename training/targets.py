"""What the networks are meant to reach on the test phantoms, and whether they did."""

from scores import curves, difference, found_of, mean_dice, precision, sensitivity, total

#: Networks without prior by falling alpha: what moves monotonically.
BY_ALPHA = ("jvss-1", "jvss-0.995", "jvss-0.99", "jvss-0.95", "jvss-0.9", "jvss-0.5")
#: The sub-volume PR area of SSE's best weight is what JVSS is compared with.
SSE = ("sse-0.1", "sse-0.5", "sse-0.9")


def followed(rows: list) -> list:
    return [row for row in rows if row["priorShiftMm"] is not None]


def monotone(scores: dict) -> tuple:
    """No step down in alpha that raises sensitivity, or lowers precision, beyond its 95 % interval; the steps that do."""
    wrong = []
    for a, b in zip(BY_ALPHA, BY_ALPHA[1:]):
        step = difference(scores[a], scores[b])
        if step["sensitivity"]["interval"][0] > 0:
            wrong.append(f"sensitivity from {a} to {b}")
        if step["precision"]["interval"][1] < 0:
            wrong.append(f"precision from {a} to {b}")
    return not wrong, ", ".join(wrong) or "no step against it"


def at_least(value: float, wanted: float) -> tuple:
    return value >= wanted, f"{value:.3f}"


def false_taken(without: list, having: list) -> float:
    """Share of the false positives that are gone."""
    return 1 - total(having, "falsePositives") / max(total(without, "falsePositives"), 1)


def stable_kept(scores: dict) -> tuple:
    (without, number), (having, _) = (found_of(followed(scores[n]), lambda l: l["change"] == "stable") for n in ("jvss-0.995", "m-sens"))
    return having >= without, f"{having} of {number} with, {without} without"


def areas(scores: dict) -> tuple:
    jvss = curves(scores["jvss-0.995"])["prArea"]
    sse = max(curves(scores[n])["prArea"] for n in SSE)
    return jvss > sse, f"{jvss:.3f} against {sse:.3f}"


def channel_is_worse(scores: dict) -> tuple:
    step = difference(scores["m-sens"], scores["prior-channel"])
    return step["precision"]["difference"] < 0, f"precision {step['precision']['difference']:+.3f}, sensitivity {step['sensitivity']['difference']:+.3f}"


#: In words, the networks needed, and scores -> (reached, what was got).
TARGETS = (
    ("sensitivity falls and precision rises with falling α", BY_ALPHA, monotone),
    ("α = 0.995 finds ≥ 5 points more than BCE", ("jvss-0.995", "bce-no-prior"),
     lambda s: at_least(difference(s["bce-no-prior"], s["jvss-0.995"])["sensitivity"]["difference"], 0.05)),
    ("α = 0.5 is ≥ 20 points more precise than BCE", ("jvss-0.5", "bce-no-prior"),
     lambda s: at_least(difference(s["bce-no-prior"], s["jvss-0.5"])["precision"]["difference"], 0.2)),
    ("area under JVSS's precision–recall curve above SSE's", ("jvss-0.995", *SSE), areas),
    ("the prior takes ≥ 36 % of M_sens's false positives", ("m-sens", "jvss-0.995"),
     lambda s: at_least(false_taken(s["jvss-0.995"], s["m-sens"]), 0.36)),
    ("and ≥ 45 % on follow-ups", ("m-sens", "jvss-0.995"),
     lambda s: at_least(false_taken(followed(s["jvss-0.995"]), followed(s["m-sens"])), 0.45)),
    ("for ≤ 1.5 points of sensitivity", ("m-sens", "jvss-0.995"),
     lambda s: at_least(difference(s["jvss-0.995"], s["m-sens"])["sensitivity"]["difference"], -0.015)),
    ("and loses no stable metastases", ("m-sens", "jvss-0.995"), stable_kept),
    ("the prior as a channel is worse than as a path", ("m-sens", "prior-channel"), channel_is_worse),
    ("M_sens: sensitivity ≥ 0.93", ("m-sens",), lambda s: at_least(sensitivity(s["m-sens"]), 0.93)),
    ("M_spec: precision ≥ 0.98", ("m-spec",), lambda s: at_least(precision(s["m-spec"]), 0.98)),
    ("mean Dice of M_sens ≥ 0.80", ("m-sens",), lambda s: at_least(mean_dice(s["m-sens"]), 0.8)),
)


def target_table(scores: dict) -> list:
    """Markdown lines; a target whose networks were not all scored says so."""
    lines = ["| target | got | reached |", "|---|---|---|"]
    for words, needed, judge in TARGETS:
        missing = [network for network in needed if network not in scores]
        reached, got = (None, f"not scored: {', '.join(missing)}") if missing else judge(scores)
        lines.append(f"| {words} | {got} | {'' if reached is None else 'yes' if reached else '**no**'} |")
    return lines
