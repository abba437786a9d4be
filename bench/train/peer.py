"""PyTorch's side of bench/train: a step for each line on stdin, answered with its milliseconds.
ResNet is that of internal/torchpeer.

Arguments: depth, width, batch, threads."""
import sys
import time

import torch
import torch.nn.functional as F

depth, width, batch, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)

model = ResNet(depth, width, 3, 10).train()
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
for _ in sys.stdin:
    start = time.perf_counter()
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    print(1e3 * (time.perf_counter() - start), flush=True)
