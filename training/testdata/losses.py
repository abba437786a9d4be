"""Reads the cases of TestLossesOfPyTorch from stdin; prints loss and gradient of each."""
import json
import sys

import torch
import torch.nn.functional as F

out = []
for case in json.load(sys.stdin):
    o = case["loss"]
    z = torch.tensor(case["logits"], dtype=torch.float64, requires_grad=True)
    target = torch.tensor(case["target"], dtype=torch.float64)
    weight = torch.tensor(o["weights"], dtype=torch.float64) if "weights" in o else None
    if o.get("kind") == "binary":
        loss = F.binary_cross_entropy_with_logits(z, target, weight=weight)
    else:
        if case["labels"] is not None:
            target = torch.tensor(case["labels"])
        loss = F.cross_entropy(z, target, weight=weight, label_smoothing=o.get("smoothing", 0.0))
    if o.get("distill", 0):
        w, t = o["distill"], o.get("temperature", 1.0)
        teacher = torch.tensor(case["teacher"], dtype=torch.float64)
        kl = F.kl_div(F.log_softmax(z / t, 1), F.softmax(teacher / t, 1), reduction="batchmean")
        loss = (1 - w) * loss + w * t * t * kl
    loss.backward()
    out.append({"value": loss.item(), "grad": z.grad.flatten().tolist()})
json.dump(out, sys.stdout)
