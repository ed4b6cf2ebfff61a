"""Score the probability maps of one network, or of two as an ensemble, metastasis by metastasis.

    python3 -m training.evaluate --split validation --sens training/runs/m-sens/validation \
        --spec training/runs/m-spec/validation --to training/runs/ensemble/validation.json

--sens and --spec are folders of `training.evaluate.predict`; --sens alone is scored by itself. Time points without a
map are left out and counted. Either may also be a checkpoint, whose maps are then computed one by one and not kept: the
way to go on a graphics card.
"""

import argparse
import json
from fnmatch import fnmatch
from pathlib import Path

import torch

from training.data.cases import Cases
from training.evaluate.predict import Checkpoint, Maps
from training.evaluate.score import evaluate
from training.network.heap import keep_freed_memory

parser = argparse.ArgumentParser(prog="python3 -m training.evaluate", description=__doc__.splitlines()[0])
parser.add_argument("--data", default="training/runs/data")
parser.add_argument("--cache", default="training/runs/cache")
parser.add_argument("--split", default="validation")
parser.add_argument("--sens", required=True, type=Path)
parser.add_argument("--spec", type=Path)
parser.add_argument(
    "--prior",
    default="0",
    help="for checkpoints, as in training.evaluate.predict: withheld, or millimetres to move it by",
)
parser.add_argument("--cases", default="*", help="pattern of <patient>/<time point>, such as '*/t1'")
parser.add_argument("--to", type=Path, help="file for the JSON result")
options = parser.parse_args()
keep_freed_memory()
torch.set_num_threads(2)
split = Path(options.data, options.split)
sources: dict[str, Checkpoint | Maps] = {
    key: Checkpoint(path, split, options.prior) if path.is_file() else Maps(path)
    for key, path in (("sens", options.sens), ("spec", options.spec))
    if path
}
normalisation = {source.normalisation for source in sources.values() if source.normalisation}
if len(normalisation) > 1:
    parser.error("the two networks were trained with different normalisations")
cases = [c for c in Cases(options.data, options.split, options.cache, *normalisation) if fnmatch(c.name, options.cases)]
predicted = [c for c in cases if all(source.has(c) for source in sources.values())]
print(f"{len(predicted)} of {len(cases)} time points have maps", flush=True)
maps = {key: source.probability for key, source in sources.items()}
result = evaluate(predicted, maps, all(source.with_prior for source in sources.values()))
if options.to:
    options.to.parent.mkdir(parents=True, exist_ok=True)
    options.to.write_text(json.dumps(result, indent=1) + "\n")
print(json.dumps(result["summary"], indent=1))
