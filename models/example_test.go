package models_test

import (
	"fmt"
	"log"

	"github.com/prunefuse/prunefuse/models"
)

// The paper's network for 100 classes.
func Example() {
	m, err := models.Build("preresnet56", models.Options{Classes: 100, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	g := m.Graph
	fmt.Println(g.Inputs()[0].Name, g.Inputs()[0].Type)
	fmt.Println(g.Outputs()[0].Name, g.Outputs()[0].Type)
	fmt.Println(g.Nodes()[1])
	// Output:
	// input float32[N,3,32,32]
	// logits float32[N,100]
	// node "layer1.0.bn1" (BatchNormalization)
}

// A depth that no list names, at half its channels.
func ExampleBuild() {
	m, err := models.Build("resnet26", models.Options{Width: 0.5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Graph.Initializer("layer3.3.conv2.weight").Type())
	_, err = models.Build("resnet27", models.Options{})
	fmt.Println(err)
	// Output:
	// float32[32,32,3,3]
	// build resnet27: depth 27 is not 6n+2 from 8 to 1202; the nearest are 26 and 32
}
