"""Trains the network that task.json in the folder of the first argument
describes, and prints losses, accuracy and seconds as one JSON object."""

import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

folder = sys.argv[1]
with open(os.path.join(folder, "task.json")) as f:
    task = json.load(f)


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
    def __init__(self, channels, classes, depth, width=16):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inner = width
        for stage in range(3):
            blocks = []
            for i in range((depth - 2) // 6):
                outer = width << stage
                blocks.append(Block(inner, outer, 2 if stage > 0 and i == 0 else 1))
                inner = outer
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inner, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def read(name):
    x = np.fromfile(os.path.join(folder, name + ".f32"), np.float32).reshape(-1, *task["shape"])
    y = np.fromfile(os.path.join(folder, name + ".i64"), np.int64)
    return torch.from_numpy(x), torch.from_numpy(y)


torch.set_num_threads(task["threads"])
net = ResNet(task["shape"][0], task["classes"], task["depth"])
flat = torch.from_numpy(np.fromfile(os.path.join(folder, "weights.f32"), np.float32))
state = net.state_dict()
for w in task["weights"]:
    n = int(np.prod(w["shape"]))
    state[w["name"]].copy_(flat[:n].reshape(w["shape"]))
    flat = flat[n:]
missing = set(k for k in state if not k.endswith("num_batches_tracked")) - set(w["name"] for w in task["weights"])
if missing or len(flat):
    sys.exit(f"the weights are not those of this network: {sorted(missing)}, {len(flat)} values left")

x, y = read("train")
tx, ty = read("test")
optimizer = torch.optim.SGD(net.parameters(), task["rate"], momentum=task["momentum"], weight_decay=task["weight_decay"])
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, task["milestones"], 0.1)
order = torch.Generator().manual_seed(task["seed"])
losses, seconds = [], 0.0
for epoch in range(task["epochs"]):
    net.train()
    begin, total = time.perf_counter(), 0.0
    for at in torch.randperm(len(x), generator=order).split(task["batch"]):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x[at]), y[at])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(at)
    schedule.step()
    seconds += time.perf_counter() - begin
    losses.append(total / len(x))
    print(f"torch, seed {task['seed']}, epoch {epoch + 1}: loss {losses[-1]:.4f}", file=sys.stderr, flush=True)
net.eval()
right = 0
with torch.no_grad():
    for at in torch.arange(len(tx)).split(500):
        right += (net(tx[at]).argmax(1) == ty[at]).sum().item()
print(json.dumps({"losses": losses, "accuracy": right / len(tx), "seconds": seconds}))
