"""The model card: a manifest in words, for the people who decide whether to use a network."""

from training.export.use import DEMONSTRATION, sentences

DEMONSTRATION_LIMITS = """\
- **Not for clinical use.**
"""
SYNTHETIC_LIMITS = """\
- No image of a patient was used in training: the network knows only synthetic metastases in synthetic heads. How it
  behaves on real scans of real patients is unknown.
- On synthetic patients of a scanner or a head that it was not trained on it finds less, and far more that is nothing:
  `docs/results.md`.
"""
LIMITS = """\
- Made for 1 mm isotropic volumes in the template's grid, masked to the brain and normalised as the manifest says. Other
  input gives meaningless output."""


def lines_of(values: dict) -> list:
    """A nested result as Markdown list items, keys joined by dots."""
    items = []
    for key, value in values.items():
        if isinstance(value, dict):
            items += [f"{key}, {line}" for line in lines_of(value)]
        else:
            items.append(f"{key}: {value}")
    return items


def recipe_line(training: dict) -> str:
    """Loss, length and start of a trained network; nothing for a hand-set one."""
    config = training["config"]
    if not config:
        return ""
    loss = config["loss"] + (f" with alpha {config['alpha']}" if config["loss"] != "bce" else "")
    start = training["startedFrom"]
    origin = f"a network trained for {start['steps']} batches with {start['loss']}" if start else "a random network"
    return (
        f"\nLoss {loss}; {training['steps']} batches of {config['batch']} segments, starting from {origin}. "
        "The full configuration stands in the manifest."
    )


def model_card(manifest: dict, export_difference: float) -> str:
    """Markdown: use, data, recipe, results, limits."""
    training = manifest["training"]
    results = "\n".join(f"- {line}" for line in lines_of(training["results"])) or "- not evaluated"
    sources = "".join(f"\n- {name}: {licence}" for name, licence in training.get("sources", {}).items())
    sources += "\n" if sources else ""
    limits = DEMONSTRATION_LIMITS if manifest["use"] == DEMONSTRATION else ""
    # Where nobody counted them, they are assumed.
    limits += (SYNTHETIC_LIMITS if training.get("synthetic") != 0 else "") + LIMITS
    return f"""# {manifest["name"]} {manifest["version"]}

The {manifest["role"]} network of the ensemble of Huang et al. 2021.

{sentences(training["release"])}

- File `{manifest["file"]}`, SHA-256 `{manifest["sha256"]}`
- Architecture {manifest["architecture"]}, widths {manifest["widths"]}, classifier {manifest["classifierWidths"]}
- Licence {manifest["licence"]}

## Data

{training["data"]}. Time points used: {training.get("cases", "none")}; data hash `{training["dataHash"]}`.
{sources}
## Recipe

{training["recipe"]}
{recipe_line(training)}

## Results (validation patients: no network was trained on them, but which run ships was chosen on them)

{results}

The ONNX file differs from PyTorch by at most {export_difference:.1e}.

## Limits

{limits}
"""
