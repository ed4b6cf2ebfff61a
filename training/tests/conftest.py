"""Keeps torch to one thread and a fixed seed."""

import pytest
import torch


@pytest.fixture(autouse=True)
def deterministic():
    torch.set_num_threads(1)
    torch.manual_seed(0)
