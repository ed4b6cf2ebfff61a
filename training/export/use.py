"""What a network may be used for: a person grants it, and its scores on validation patients have to bear that out.

A network for a clinical study loses the marks of a demonstration on everything it produces, and its results may leave
the machine. So both are needed, and both are recorded in the manifest and the card; without either it is a
demonstration.
"""

from dataclasses import dataclass
from typing import Any

DEMONSTRATION = "demonstration"
CLINICAL_STUDY = "clinical-study"
USES = (DEMONSTRATION, CLINICAL_STUDY)

#: What scores have to come from: fewer volumes or metastases say too little.
ENOUGH: dict[str, float] = {"volumes": 20, "metastases": 50}
#: What they have to be at least, by role. M_sens is to find, M_spec is to be believed.
AT_LEAST = {"sensitivity": {"sensitivity": 0.8}, "specificity": {"sensitivity": 0.5, "precision": 0.8}}
#: And at most.
AT_MOST = {"sensitivity": {"falsePositivesPerVolume": 10.0}, "specificity": {"falsePositivesPerVolume": 1.0}}


@dataclass(frozen=True)
class Grant:
    """A person's word that a network may be used for something beyond demonstration."""

    use: str
    #: Who grants it, as the card names them.
    by: str

    def __post_init__(self) -> None:
        if self.use not in USES:
            raise ValueError(f"use {self.use!r} is none of {USES}")
        if self.use != DEMONSTRATION and not self.by.strip():
            raise ValueError(f"use {self.use!r} needs the name of the person who grants it")


def decide_use(grant: Grant | None, role: str, results: dict[str, Any], synthetic: int = 0) -> dict[str, Any]:
    """The use of a network and why, for its manifest.

    `results` are its scores on validation patients (`training.evaluate`), `synthetic` the number of phantoms' time
    points among those it was trained on.
    """
    if grant is None or grant.use == DEMONSTRATION:
        return {"use": DEMONSTRATION, "grantedBy": None, "required": {}, "unmet": []}
    required = [
        *((name, "at least", value) for name, value in {**ENOUGH, **AT_LEAST[role]}.items()),
        *((name, "at most", value) for name, value in AT_MOST[role].items()),
    ]
    unmet = []
    for name, kind, value in required:
        found = results.get(name)
        if found is None or (found < value if kind == "at least" else found > value):
            unmet.append(f"{name} is {'not known' if found is None else found}, not {kind} {value}")
    if synthetic:
        unmet.append(f"{synthetic} of the time points it was trained on are synthetic")
    return {
        "use": DEMONSTRATION if unmet else grant.use,
        "grantedBy": grant.by,
        "asked": grant.use,
        "required": {name: f"{kind} {value}" for name, kind, value in required},
        "unmet": unmet,
    }


def sentences(decision: dict[str, Any]) -> str:
    """The decision in words, for the card."""
    if decision["grantedBy"] is None:
        return "Demonstration and testing only: nobody has granted more."
    required = ", ".join(f"{name} {bound}" for name, bound in decision["required"].items())
    asked = f"{decision['grantedBy']} granted its use for a {decision['asked'].replace('-', ' ')}."
    asked += f" Required on validation patients: {required}."
    if decision["unmet"]:
        return f"Demonstration and testing only. {asked} Not met: {'; '.join(decision['unmet'])}."
    return f"{asked} Met."
