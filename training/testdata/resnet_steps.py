"""Train a CIFAR ResNet for some steps in PyTorch, from given weights and batches.

usage: python3 resnet_steps.py FOLDER

FOLDER/run.json: {"depth", "width", "input": [C, H, W], "classes", "batch", "steps", "accumulate", "rate", "optimizer",
"settings", "spare", "clip_norm", "tensors": [{"name", "shape"}]}. optimizer is a class of torch.optim and settings are its
arguments; spare keeps weight decay from what has one axis; a step takes the mean gradient of accumulate batches. weights.bin
holds the tensors in that order, x.bin the samples of all batches, all as float32 of this machine; y.bin holds the labels as
int64. The losses of the batches go to stdout as JSON, the tensors after the last step to FOLDER/trained.bin.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cifar_resnet import ResNet

folder = sys.argv[1]
run = json.load(open(os.path.join(folder, "run.json")))
torch.set_num_threads(1)

net = ResNet(run["depth"], run["width"], run["input"][0], run["classes"])
state, flat, at = net.state_dict(), np.fromfile(os.path.join(folder, "weights.bin"), np.float32), 0
for t in run["tensors"]:
    n = int(np.prod(t["shape"]))
    state[t["name"]].copy_(torch.from_numpy(flat[at:at + n].reshape(t["shape"])))
    at += n
given = {t["name"] for t in run["tensors"]} | {n for n in state if n.endswith("num_batches_tracked")}
assert at == flat.size and given == set(state), given ^ set(state)

net.train()
groups = [{"params": [p for p in net.parameters() if p.dim() > 1 or not run["spare"]]}]
if run["spare"]:
    groups.append({"params": [p for p in net.parameters() if p.dim() <= 1], "weight_decay": 0})
optimizer = getattr(torch.optim, run["optimizer"])(groups, run["rate"], **run["settings"])
batches = run["steps"] * run["accumulate"]
x = np.fromfile(os.path.join(folder, "x.bin"), np.float32).reshape(batches, run["batch"], *run["input"])
y = np.fromfile(os.path.join(folder, "y.bin"), np.int64).reshape(batches, run["batch"])
losses = []
for i in range(batches):
    loss = F.cross_entropy(net(torch.from_numpy(x[i])), torch.from_numpy(y[i]))
    (loss / run["accumulate"]).backward()
    losses.append(loss.item())
    if (i + 1) % run["accumulate"] == 0:
        if run["clip_norm"]:
            nn.utils.clip_grad_norm_(net.parameters(), run["clip_norm"])
        optimizer.step()
        optimizer.zero_grad()
np.concatenate([state[t["name"]].numpy().ravel() for t in run["tensors"]]).tofile(os.path.join(folder, "trained.bin"))
print(json.dumps(losses))
