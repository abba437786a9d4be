package main

// torchPruning is the seconds that Torch-Pruning 1.6.1 takes to build its
// dependency graph and prune by a ratio of 0.5, group magnitude, with PyTorch
// 1.13 and torchvision 0.14 on two shared cores (reading the model and
// writing the result are not in them). They were taken in one session of their
// own, so they are upper bounds to set beside, not ratios of one run.
// Torch-Pruning: https://github.com/VainF/Torch-Pruning
var torchPruning = map[string]float64{
	"alexnet":                      1.8,
	"convnext_base":                1.8,
	"convnext_tiny":                0.8,
	"deeplabv3_mobilenet_v3_large": 1.1,
	"densenet121":                  20.2,
	"densenet169":                  55.1,
	"densenet201":                  150.1,
	"efficientnet_b0":              0.7,
	"efficientnet_b4":              1.3,
	"efficientnet_v2_s":            1.4,
	"fcn_resnet50":                 2.7,
	"googlenet":                    0.6,
	"inception_v3":                 1.4,
	"lraspp_mobilenet_v3_large":    0.9,
	"mnasnet1_0":                   0.3,
	"mobilenet_v2":                 0.2,
	"mobilenet_v3_large":           0.7,
	"mobilenet_v3_small":           0.5,
	"regnet_x_400mf":               0.3,
	"regnet_y_400mf":               0.2,
	"regnet_y_8gf":                 1.4,
	"resnet101":                    7.7,
	"resnet152":                    10.1,
	"resnet34":                     1.4,
	"resnet50":                     2.8,
	"resnext101_32x8d":             9.4,
	"resnext50_32x4d":              3.1,
	"squeezenet1_1":                0.1,
	"vgg11":                        13.1,
	"vgg16_bn":                     5.1,
	"vgg19":                        16.4,
	"wide_resnet50_2":              11.0,
}
