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
import torch.nn as nn
import torch.nn.functional as F

folder = sys.argv[1]
run = json.load(open(os.path.join(folder, "run.json")))
torch.set_num_threads(2)


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.downsample = None
        if stride != 1 or inner != outer:
            self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, depth, width, channels, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inner = width
        for stage in range(3):
            outer, blocks = width << stage, []
            for i in range((depth - 2) // 6):
                blocks.append(Block(inner, outer, 2 if stage and not i else 1))
                inner = outer
            setattr(self, "layer%d" % (stage + 1), nn.Sequential(*blocks))
        self.fc = nn.Linear(inner, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


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
