"""Follows the source of torchpeer.ResNet. Trains the network that task.json in
the folder of the first argument describes, and prints losses, accuracy and seconds as one JSON object."""

import json
import os
import sys
import time

import numpy as np
import torch

folder = sys.argv[1]
with open(os.path.join(folder, "task.json")) as f:
    task = json.load(f)


def read(name):
    x = np.fromfile(os.path.join(folder, name + ".f32"), np.float32).reshape(-1, *task["shape"])
    y = np.fromfile(os.path.join(folder, name + ".i64"), np.int64)
    return torch.from_numpy(x), torch.from_numpy(y)


torch.set_num_threads(task["threads"])
net = ResNet(task["depth"], 16, task["shape"][0], task["classes"])
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
