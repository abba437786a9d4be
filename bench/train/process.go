package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/torchpeer"
)

//go:embed peer.py
var script string

// process is one side of a comparison: it takes a step when it is told to.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

func start(ctx context.Context, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...)}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = bufio.NewReader(out)
	return p, p.cmd.Start()
}

func (o options) startOurs(ctx context.Context, n network) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, self, "-ours", "-batch", strconv.Itoa(o.batch), "-threads", strconv.Itoa(o.threads), n.String())
}

func (o options) startPeer(ctx context.Context, python string, n network) (*process, error) {
	args := []string{"-c", torchpeer.ResNet + script}
	for _, v := range []int{n.depth, n.width, o.batch, o.threads} {
		args = append(args, strconv.Itoa(v))
	}
	return start(ctx, python, args...)
}

// findPeer is a Python that has PyTorch.
func findPeer(ctx context.Context) (python string, err error) {
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if python, err = exec.LookPath(name); err != nil {
			continue
		}
		if err = exec.CommandContext(ctx, python, "-c", "import torch").Run(); err == nil {
			return python, nil
		}
	}
	return "", errors.New("no python3 with torch (Debian: python3-torch)")
}

// step takes a step and says how many milliseconds it took.
func (p *process) step() (float64, error) {
	if _, err := fmt.Fprintln(p.stdin); err != nil {
		return 0, err
	}
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}

// peak is the most memory that the process had so far, in MB; 0 where the
// system does not say.
func (p *process) peak() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kb * 1024 / 1e6
		}
	}
	return 0
}

func (p *process) close() error { return errors.Join(p.stdin.Close(), p.cmd.Wait()) }
