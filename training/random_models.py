"""A pair of models of the authors' size with random weights, for measuring how long such networks take (`bench/inference.ts`).

    /usr/bin/python3 training/random_models.py --calibrate training/runs/data --to models-authors

They find nothing. The classifier's bias is set so that their screen (0.005) calls about as many voxels suspicious as a trained one does.
"""

import argparse
from dataclasses import replace

import torch

from data import preprocessing
from export_onnx import SCREEN_THRESHOLDS, calibration_cases, write_model
from model import AUTHORS, build_network, tumour_logit
from screen import segments_of

#: The authors' guard of the variance is the smallest float: random channels may be constant.
CONFIG = replace(AUTHORS, bn_epsilon=1e-5)
#: Share of the voxels of calibration segments, which lie around metastases and bright places, that are suspicious.
SUSPICIOUS_SHARE = 0.003


def random_network(segments, seed: int):
    """A network with the statistics of `segments`, in evaluation mode, whose probability passes the screen's threshold in a few voxels."""
    torch.manual_seed(seed)
    network = build_network(CONFIG).train()
    with torch.no_grad():
        chosen = [segment for segment in segments if segment[3].std() > 0][:2]
        for segment in chosen:
            network(*segment)
        network.eval()
        logits = torch.cat([tumour_logit(network(*segment)).flatten() for segment in chosen])
        bound = torch.quantile(logits, 1 - SUSPICIOUS_SHARE)
        network.classifier.bias[1] += torch.logit(torch.tensor(SCREEN_THRESHOLDS["sensitivity"])) - bound
    return network


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calibrate", required=True, help="data folder with training patients")
    parser.add_argument("--to", required=True)
    options = parser.parse_args()
    cases = calibration_cases(options.calibrate, preprocessing()["normalisation"])
    training = {"data": "none", "recipe": "random weights", "config": {}, "steps": 0, "dataHash": "", "results": {}}
    segments = segments_of(cases)
    for seed, (name, role) in enumerate((("M_sens", "sensitivity"), ("M_spec", "specificity"))):
        write_model(options.to, name, role, "0.0.0", random_network(segments, seed), training, calibration=cases)
