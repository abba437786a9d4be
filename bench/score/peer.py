"""PyTorch's side of bench/score: prints the median samples a second of some rounds.
ResNet is that of internal/torchpeer.

Arguments: network, folder or "", side, resize or 0, width, threads, seconds a round, rounds."""
import glob
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torchvision import transforms

network, folder = sys.argv[1:3]
side, resize, width, threads = map(int, sys.argv[3:7])
seconds, rounds = float(sys.argv[7]), int(sys.argv[8])
torch.set_num_threads(threads)
torch.manual_seed(1)


class Images(torch.utils.data.Dataset):
    def __init__(self):
        self.paths = sorted(p for p in glob.glob(os.path.join(folder, "**", "*"), recursive=True) if os.path.isfile(p))
        steps = [transforms.Resize(resize), transforms.CenterCrop(side)] if resize else []
        steps += [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
        self.transform = transforms.Compose(steps)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        return self.transform(Image.open(self.paths[i]).convert("RGB"))


def batches():
    if not folder:
        ready = torch.randn(128 if side < 100 else 32, 3, side, side)
        while True:
            yield ready
    loader = torch.utils.data.DataLoader(Images(), batch_size=128 if side < 100 else 32, num_workers=threads)
    while True:
        yield from loader


model = (torchvision.models.resnet18() if network == "resnet18" else ResNet(int(network[6:]), width, 3, 10)).eval()
rates = []
with torch.inference_mode():
    source = batches()
    model(next(source))
    for _ in range(rounds):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            batch = next(source)
            p = F.softmax(model(batch), 1).topk(2).values
            done += len(batch)
        rates.append(done / (time.perf_counter() - start))
print(statistics.median(rates))
