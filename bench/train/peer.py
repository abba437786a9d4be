"""PyTorch's side of bench/train: a step for each line on stdin, answered with its milliseconds.

Arguments: depth, width, batch, threads."""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

depth, width, batch, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = nn.Identity()
        if stride != 1 or i != o:
            self.short = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.short(x))


layers, channels = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()], width
for stage in range(3):
    for block in range((depth - 2) // 6):
        layers.append(Block(channels, width << stage, 2 if stage and not block else 1))
        channels = width << stage
model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)).train()
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
for _ in sys.stdin:
    start = time.perf_counter()
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    print(1e3 * (time.perf_counter() - start), flush=True)
