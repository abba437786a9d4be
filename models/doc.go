// Package models builds the networks of the PruneFuse paper, and a few small
// ones, as untrained ONNX models.
//
// Build makes a model from a name; List names what there is. The layers
// follow from the name and Options.Width alone, never from the input: a
// network whose name ends in "-cifar" keeps its resolution in the first
// layers, and one named as torchvision names it has torchvision's ImageNet
// stem at every input size. Families whose depth is free are built for any
// depth of their form: resnet14, preresnet26, wrn-22-2.
//
// Every model has opset 17 and ir_version 8, the input "input" float32
// [N,C,H,W] with a batch size that stays free, and the output "logits"
// float32 [N,classes]. Its initializers are named as a PyTorch state dict
// names them (layer1.0.conv1.weight, layer1.0.bn1.running_mean, fc.bias), no
// two nodes share one, and each holds what its own random source gives, drawn
// from the seed and its name: a deeper or wider-headed network of the same
// seed has equal tensors wherever name and shape are equal.
//
// How weights start, as in the code the paper builds on (Coleman et al.,
// "Selection via Proxy", svp/cifar/models.py) and in torchvision:
//
//	convolution      normal, variance 2/(out·kh·kw) (Kaiming, fan-out), bias 0
//	BatchNorm        scale 1, bias 0, running mean 0, running variance 1
//	fc of ResNets    PyTorch's Linear: uniform ±1/√in, weight and bias
//	lenet, mlp       PyTorch's Conv2d and Linear: uniform ±1/√fan-in, weight and bias
//	vgg, mobilenetv2 classifier: normal, deviation 0.01, bias 0 (torchvision)
//
// What is not guaranteed: the same bytes for the normal initialisation on
// another processor architecture, whose floating-point functions may differ
// in the last bit. Dropout is left out everywhere: the networks are graphs for
// inference, which training derives its own graph from.
//
// Sources: He et al., arXiv 1512.03385 and 1603.05027; Zagoruyko and
// Komodakis, arXiv 1605.07146; Simonyan and Zisserman, arXiv 1409.1556;
// Sandler et al., arXiv 1801.04381; LeCun et al., Proc. IEEE 86(11), 1998.
package models
