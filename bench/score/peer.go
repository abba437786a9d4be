package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/torchpeer"
)

//go:embed peer.py
var script string

// peerRate is PyTorch's samples a second on a folder, or on tensors that are
// ready where there is none.
func (o *options) peerRate(ctx context.Context, n network, folder string) (float64, error) {
	python, err := findPeer(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "score: %v: our side runs alone\n", err)
		return 0, nil
	}
	width := 16
	if n.width > 0 {
		width = int(n.width * 16)
	}
	args := []string{
		"-c", torchpeer.ResNet + script, n.name, folder, strconv.Itoa(n.side), strconv.Itoa(n.resize), strconv.Itoa(width),
		strconv.Itoa(o.threads), fmt.Sprint(o.time.Seconds()), strconv.Itoa(o.rounds),
	}
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("PyTorch: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// findPeer is a Python that has PyTorch.
func findPeer(ctx context.Context) (python string, err error) {
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if python, err = exec.LookPath(name); err != nil {
			continue
		}
		if err = exec.CommandContext(ctx, python, "-c", "import torch, torchvision").Run(); err == nil {
			return python, nil
		}
	}
	return "", errors.New("no python3 with torch and torchvision (Debian: python3-torchvision)")
}
