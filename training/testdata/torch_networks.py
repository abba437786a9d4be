"""Export a network from PyTorch, and say what its loss and gradients are and how it trains.

usage: python3 torch_networks.py NETWORK SEED FOLDER

The SEED is that of the samples; the network is always the same, and is not exported to the FOLDER again.
Writes to it, in the byte order of this machine:

  train.onnx    as torch.onnx exports it in training mode
  eval.onnx     as it stands in evaluation mode
  folded.onnx   the same with the constants folded and BatchNorm merged, as torch.onnx does unless told otherwise
  run.json      {"parameters": [{"name", "shape"}], "statistics": [...], "input", "batch", "rates": {"sgd", "adamw"},
                 "losses": {"sgd": {"float32", "float64"}, "adamw": ...}}, lists of the losses before each step
  x.bin y.bin   the samples and labels of the one batch that every step takes, as float32 and int64
  states.bin    the parameters and the statistics in their order before each of the first steps of SGD in float64, and
                after the last of them; as float32, which is what they are rounded to before what follows is computed
  gradients.bin the gradients by the parameters: of the loss in training mode from each of those states but the last,
                then in evaluation mode from the first; computed in float64, as float32 is off by up to 1e-2 where an
                activation is at a kink
"""
import copy
import json
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as zoo
from torchvision.models.convnext import CNBlock, CNBlockConfig, ConvNeXt
from torchvision.models.efficientnet import EfficientNet, _efficientnet_conf
from torchvision.models.vgg import make_layers
from torchvision.ops import StochasticDepth

from cifar_resnet import ResNet

CLASSES = 10


def vgg11_bn():
    """Half as wide as the published one, with two small layers after the convolutions."""
    net = zoo.VGG(make_layers([32, "M", 64, "M", 128, 128, "M", 256, 256, "M", 256, 256, "M"], batch_norm=True), CLASSES)
    net.avgpool = nn.AdaptiveAvgPool2d(1)
    net.classifier = nn.Sequential(nn.Linear(256, 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, CLASSES))
    return net


def densenet():
    """Of growth 8 in the place of 32, and half as deep as DenseNet-121."""
    return zoo.DenseNet(8, (3, 6, 12, 8), 16, num_classes=CLASSES)


def efficientnet_b0():
    """Half as wide as the published one."""
    blocks, last = _efficientnet_conf("efficientnet_b0", width_mult=0.5, depth_mult=1.0)
    return EfficientNet(blocks, dropout=0.2, last_channel=last, num_classes=CLASSES)


def vit_tiny():
    net = zoo.VisionTransformer(32, 8, num_layers=4, num_heads=3, hidden_dim=48, mlp_dim=96, num_classes=CLASSES)
    nn.init.normal_(net.heads.head.weight, std=0.1)  # zeros would let no gradient through
    return net


def convnext_tiny():
    """A quarter as wide as the published one, which has 28 million weights."""
    net = ConvNeXt([CNBlockConfig(24, 48, 3), CNBlockConfig(48, 96, 3), CNBlockConfig(96, 192, 9), CNBlockConfig(192, None, 3)], num_classes=CLASSES)
    for m in net.modules():
        if isinstance(m, CNBlock):
            nn.init.constant_(m.layer_scale, 0.5)  # of 1e-6 the blocks would not matter
    return net


NETWORKS = {  # how it is made, size of the image, batch, steps, rate of SGD
    "resnet20": (lambda: ResNet(20, 16, 3, CLASSES), 32, 4, 10, 1e-3),
    "vgg11_bn": (vgg11_bn, 32, 4, 6, 1e-3),
    "mobilenet_v2": (lambda: zoo.mobilenet_v2(num_classes=CLASSES, width_mult=0.35), 64, 4, 6, 1e-4),
    "densenet": (densenet, 64, 4, 6, 1e-4),
    "efficientnet_b0": (efficientnet_b0, 64, 4, 6, 1e-5),
    "vit_tiny": (vit_tiny, 32, 4, 10, 1e-3),
    "convnext_tiny": (convnext_tiny, 32, 4, 10, 1e-3),
    "shufflenet_v2_x0_5": (lambda: zoo.shufflenet_v2_x0_5(num_classes=CLASSES), 64, 4, 6, 1e-3),
}
ADAMW_RATE = 1e-4
STATES = 3  # how many gradients are taken on the way


def as_trained(net):
    """Without chance, and with values where training puts them: where all are zeros or ones, the exporter merges equal ones."""
    for m in net.modules():
        if isinstance(m, (nn.Dropout, StochasticDepth)):
            m.p = 0.0
        elif isinstance(m, nn.BatchNorm2d):
            nn.init.normal_(m.running_mean, std=0.2)
            nn.init.uniform_(m.running_var, 0.5, 1.5)
    for p in net.parameters():
        if p.numel() == max(p.shape):  # no matrix
            p.data += 0.2 * torch.randn_like(p)
    return net


def export(net, x, path, training, fold):
    torch.onnx.export(
        net, x, path, training=training, do_constant_folding=fold, opset_version=13,
        input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
    )


def gradients(net, x, y, train):
    """Those of the weights rounded to float32."""
    net = copy.deepcopy(net).float().double().train(train)
    F.cross_entropy(net(x.double()), y).backward()
    return np.concatenate([p.grad.numpy().ravel() for p in net.parameters()])


def statistics(net):
    return [(n, b) for n, b in net.named_buffers() if b.is_floating_point()]


def state(net):
    return np.concatenate([v.detach().numpy().ravel() for v in [*net.parameters(), *(b for _, b in statistics(net))]])


def losses(net, x, y, steps, make, each=lambda k, net: None):
    """Those before each step; each is called with the network then, and after the last."""
    net = copy.deepcopy(net).train()
    optimizer = make(net.parameters())
    out = []
    for k in range(steps):
        each(k, net)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        out.append(loss.item())
    each(steps, net)
    return out


def main(name, seed, folder):
    torch.set_num_threads(1)  # more would spin, waiting for each other, on a busy machine
    torch.manual_seed(1)
    make, size, batch, steps, rate = NETWORKS[name]
    net = as_trained(make())
    torch.manual_seed(int(seed))
    x, y = torch.randn(batch, 3, size, size), torch.randint(CLASSES, (batch,))
    path = lambda file: os.path.join(folder, file)
    if not os.path.exists(path("train.onnx")):
        mode = torch.onnx.TrainingMode
        export(copy.deepcopy(net).train(), x, path("train.onnx"), mode.TRAINING, False)
        export(copy.deepcopy(net).eval(), x, path("eval.onnx"), mode.PRESERVE, False)
        export(copy.deepcopy(net).eval(), x, path("folded.onnx"), mode.EVAL, True)

    run = {"input": [3, size, size], "batch": batch, "rates": {"sgd": rate, "adamw": ADAMW_RATE}, "losses": {}}
    run["parameters"] = [{"name": n, "shape": list(p.shape)} for n, p in net.named_parameters()]
    run["statistics"] = [{"name": n, "shape": list(b.shape)} for n, b in statistics(net)]
    sgd = lambda p: torch.optim.SGD(p, rate, 0.9)
    adamw = lambda p: torch.optim.AdamW(p, ADAMW_RATE, weight_decay=0.01)
    with open(path("gradients.bin"), "wb") as grads, open(path("states.bin"), "wb") as states:

        def write(k, net):
            if k <= STATES:
                state(net).astype(np.float32).tofile(states)
            if k < STATES:
                gradients(net, x, y, True).tofile(grads)

        double = copy.deepcopy(net).double()
        in64 = losses(double, x.double(), y, steps, sgd, write)
        gradients(net, x, y, False).tofile(grads)
    run["losses"]["sgd"] = {"float32": losses(net, x, y, steps, sgd), "float64": in64}
    run["losses"]["adamw"] = {"float32": losses(net, x, y, steps, adamw), "float64": losses(double, x.double(), y, steps, adamw)}
    x.numpy().tofile(path("x.bin"))
    y.numpy().tofile(path("y.bin"))
    with open(path("run.json"), "w") as f:
        json.dump(run, f)


main(*sys.argv[1:])
