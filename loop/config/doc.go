// Package config holds what a run is told: data, network, labels and recipes,
// as YAML says them.
package config
