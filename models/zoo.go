package models

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/suggest"
)

// Info describes an architecture that Build knows.
type Info struct {
	// Name is what Build is called with.
	Name string
	// Form is the pattern of the family that the architecture is one of,
	// such as "resnet<6n+2>"; Build knows all its members, List names the
	// usual ones. It is empty where there is no such family.
	Form string
	// Summary is one line for a list.
	Summary string
	// Source is the paper it comes from.
	Source string
	// Input is the default channels, height and width.
	Input [3]int
	// Classes is the default number of outputs.
	Classes int
	// MinSide is the least height and width; 0 and 1 are no limit.
	MinSide int
}

type arch struct {
	Info
	build func(*builder, maps)
}

// family makes architectures from the numbers in their names.
type family struct {
	form   string
	name   string // a format
	match  *regexp.Regexp
	make   func(args ...int) (arch, error)
	listed [][]int
}

var families = []family{
	{
		"resnet<6n+2>", "resnet%d", regexp.MustCompile(`^resnet([1-9]\d{0,3})$`), cifarResNet,
		[][]int{{20}, {32}, {44}, {56}, {110}, {164}},
	},
	{
		"preresnet<6n+2>", "preresnet%d", regexp.MustCompile(`^preresnet([1-9]\d{0,3})$`), cifarPreResNet,
		[][]int{{20}, {32}, {44}, {56}, {110}, {164}},
	},
	{
		"wrn-<6n+4>-<k>", "wrn-%d-%d", regexp.MustCompile(`^wrn-([1-9]\d{0,3})-([1-9]\d{0,3})$`), wideResNet,
		[][]int{{16, 4}, {16, 8}, {28, 10}, {40, 4}},
	},
}

// fixed returns the architectures that belong to no family. Their names come
// before the families': resnet50 is torchvision's, not the CIFAR one of depth
// 6·8+2.
func fixed() []arch {
	return []arch{
		bigResNet(18, false, 2, 2, 2, 2),
		bigResNet(34, false, 3, 4, 6, 3),
		bigResNet(50, true, 3, 4, 6, 3),
		bigResNet(101, true, 3, 4, 23, 3),
		bigResNet(152, true, 3, 8, 36, 3),
		bigResNetCIFAR(18, false, 2, 2, 2, 2),
		bigResNetCIFAR(50, true, 3, 4, 6, 3),
		vgg(11), vgg(16), vgg(19),
		mobileNetV2(false),
		mobileNetV2(true),
		leNet(),
		mlp(),
	}
}

// List describes the architectures, in the order a person would look for
// them.
func List() []Info {
	var out []Info
	for _, f := range families {
		for _, args := range f.listed {
			a, err := f.member(args)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			out = append(out, a.Info)
		}
	}
	for _, a := range fixed() {
		out = append(out, a.Info)
	}
	return out
}

func (f family) member(args []int) (arch, error) {
	a, err := f.make(args...)
	if err != nil {
		return arch{}, err
	}
	numbers := make([]any, len(args))
	for i, n := range args {
		numbers[i] = n
	}
	a.Name, a.Form = fmt.Sprintf(f.name, numbers...), f.form
	return a, nil
}

// names are those of the listed architectures.
func names() []string {
	var out []string
	for _, i := range List() {
		out = append(out, i.Name)
	}
	return out
}

func find(name string) (arch, error) {
	for _, a := range fixed() {
		if a.Name == name {
			return a, nil
		}
	}
	for _, f := range families {
		m := f.match.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		args := make([]int, len(m)-1)
		for i, s := range m[1:] {
			args[i], _ = strconv.Atoi(s) // the pattern admits four digits at most
		}
		a, err := f.member(args)
		if err != nil {
			return arch{}, fmt.Errorf("build %s: %w", name, err)
		}
		return a, nil
	}
	return arch{}, fmt.Errorf("build %q: unknown architecture; %s", name, suggest.Want(name, names()))
}
