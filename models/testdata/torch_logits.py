"""Logits of PyTorch networks that hold given weights.

Called with a folder that has a subfolder for each network, named after it, of
tensors.json ([[name, shape], …]), weights.bin (their float32 elements one
after the other) and input.bin (float32, of input_shape.json). Fails where the
tensors are not the network's state dict in names, shapes and order; writes
logits.bin beside them.
"""
import json
import pathlib
import sys

import torch
import torchvision.models as tv
from torch import nn
from torch.nn import functional as F

CLASSES = 5


class VGG(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.features = tv.vgg.make_layers(tv.vgg.cfgs[config], batch_norm=True)
        self.classifier = nn.Linear(512 * 4, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class PreBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False))

    def forward(self, x):
        a = F.relu(self.bn1(x))
        skip = self.downsample(a) if hasattr(self, "downsample") else x
        return self.conv2(F.relu(self.bn2(self.conv1(a)))) + skip


class PreResNet(nn.Module):
    def __init__(self, blocks, widen=1):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        before = 16
        for stage, channels in enumerate((16 * widen, 32 * widen, 64 * widen), 1):
            layer = []
            for i in range(blocks):
                layer.append(PreBlock(before, channels, 2 if stage > 1 and i == 0 else 1))
                before = channels
            setattr(self, f"layer{stage}", nn.Sequential(*layer))
        self.bn = nn.BatchNorm2d(before)
        self.fc = nn.Linear(before, CLASSES)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(F.relu(self.bn(x)).mean((2, 3)))


NETS = {
    "resnet18": lambda: tv.resnet18(num_classes=CLASSES),
    "resnet50": lambda: tv.resnet50(num_classes=CLASSES),
    "mobilenetv2": lambda: tv.mobilenet_v2(num_classes=CLASSES),
    "vgg11-bn": lambda: VGG("A"),
    "preresnet14": lambda: PreResNet(2),
    "wrn-10-2": lambda: PreResNet(1, 2),
}


def floats(path, shape):
    return torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float32).reshape(shape)


def main(folder):
    for place in sorted(folder.iterdir()):
        net = NETS[place.name]().eval()
        want = {k: list(v.shape) for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
        given = json.loads((place / "tensors.json").read_text())
        if given != [[k, s] for k, s in want.items()]:
            sys.exit(f"{place.name}: tensors are\n{given}\nPyTorch has\n{list(want.items())}")
        flat, at, state = floats(place / "weights.bin", -1), 0, {}
        for name, shape in given:
            size = torch.Size(shape).numel()
            state[name] = flat[at:at + size].reshape(shape)
            at += size
        net.load_state_dict(state, strict=False)  # num_batches_tracked is not given
        x = floats(place / "input.bin", json.loads((place / "input_shape.json").read_text()))
        with torch.no_grad():
            net(x).contiguous().numpy().tofile(place / "logits.bin")


main(pathlib.Path(sys.argv[1]))
