package main

// peer is what Torch-Pruning makes of a network of torchvision.
type peer struct {
	// Seconds are for building its dependency graph and pruning; 0 is not
	// measured. Reading the model and writing the result are not in them.
	Seconds float64 `json:"seconds,omitempty"`
	// Dense are the network's parameters, and Pruned those it is left with.
	Dense  int64 `json:"dense_parameters"`
	Pruned int64 `json:"pruned_parameters"`
}

// torchPruning is what Torch-Pruning 1.6.1 (https://github.com/VainF/Torch-Pruning)
// comes to at a uniform ratio of peerRatio, group magnitude of p = 2, only the
// layer of the classes ignored, with PyTorch 1.13 and torchvision 0.14 on two
// shared cores. The times were taken in one session of their own, so they are
// upper bounds to set beside, not ratios of one run. The parameters are exact,
// as PyTorch counts them: all that is trained, BatchNormalization as layers of
// its own, and GoogLeNet, Inception and the segmentation networks without
// their auxiliary heads. Those of resnet18 are in Torch-Pruning's README too.
var torchPruning = map[string]peer{
	"alexnet":                      {1.8, 61_100_840, 16_308_104},
	"convnext_base":                {1.8, 88_591_464, 22_669_352},
	"convnext_tiny":                {0.8, 28_589_128, 7_438_360},
	"deeplabv3_mobilenet_v3_large": {1.1, 11_025_477, 2_789_005},
	"densenet121":                  {20.2, 7_978_856, 2_274_728},
	"densenet169":                  {55.1, 14_149_480, 3_996_072},
	"densenet201":                  {150.1, 20_013_928, 5_543_848},
	"efficientnet_b0":              {0.7, 5_288_548, 1_701_446},
	"efficientnet_b4":              {1.3, 19_341_616, 5_461_956},
	"efficientnet_v2_s":            {1.4, 21_458_488, 5_808_688},
	"fcn_resnet50":                 {2.7, 32_957_013, 8_257_845},
	"googlenet":                    {0.6, 6_624_904, 1_918_968},
	"inception_v3":                 {1.4, 23_834_568, 6_480_216},
	"lraspp_mobilenet_v3_large":    {0.9, 3_221_538, 836_742},
	"mnasnet1_0":                   {0.3, 4_383_312, 1_466_396},
	"mobilenet_v2":                 {0.2, 3_504_872, 1_221_768},
	"mobilenet_v3_large":           {0.7, 5_483_032, 1_722_208},
	"mobilenet_v3_small":           {0.5, 2_542_856, 911_224},
	"regnet_x_400mf":               {0.3, 5_495_976, 1_484_424},
	"regnet_y_400mf":               {0.2, 4_344_144, 1_205_092},
	"regnet_y_8gf":                 {1.4, 39_381_472, 10_375_972},
	"resnet101":                    {7.7, 44_549_160, 11_678_728},
	"resnet152":                    {10.1, 60_192_808, 15_601_160},
	"resnet18":                     {0, 11_689_512, 3_055_880},
	"resnet34":                     {1.4, 21_797_672, 5_584_776},
	"resnet50":                     {2.8, 25_557_032, 6_917_640},
	"resnext101_32x8d":             {9.4, 88_791_336, 22_763_656},
	"resnext50_32x4d":              {3.1, 25_028_904, 6_789_384},
	"squeezenet1_1":                {0.1, 1_235_496, 438_792},
	"vgg11":                        {13.1, 132_863_336, 34_243_752},
	"vgg16_bn":                     {5.1, 138_365_992, 35_621_896},
	"vgg19":                        {16.4, 143_667_240, 36_945_416},
	"wide_resnet50_2":              {11.0, 68_883_240, 17_752_968},
}

// peerRatio is the ratio that torchPruning is for.
const peerRatio = 0.5
