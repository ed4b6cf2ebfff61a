"""Train one network. It can be interrupted at any time; the same command resumes from the last checkpoint.

    python3 -m training.train --run RUN --config OPTIONS.json [--init OTHER_RUN/checkpoint.pt]
    ... --set max_steps=2000 --set learning_rate=0.0005     overrides of the configuration, also when resuming

A run that resumes without --config keeps the configuration embedded in its checkpoint.
"""

import argparse
from pathlib import Path

from training.train.config import read_config
from training.train.train import train

parser = argparse.ArgumentParser(prog="python3 -m training.train", description=__doc__.splitlines()[0])
parser.add_argument("--run", required=True, type=Path, help="folder of this run, created when absent")
parser.add_argument("--config", type=Path, help="JSON file of options")
parser.add_argument("--init", type=Path, help="checkpoint to start a new run from")
parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
options = parser.parse_args()
train(options.run, read_config(options.config, options.set, options.run), options.init)
