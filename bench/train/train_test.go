package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// TestMain lets the test's binary be started as our side, as the command's is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-ours" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Whether a side is faster is not asked: a test asserts no time.
func TestCompare(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	_, missing := findPeer(t.Context())
	var stdout bytes.Buffer
	if err := run(context.Background(), []string{"-json", "-batch", "2", "-rounds", "1", "-threads", "1", "resnet8:2", "resnet14:1"}, &stdout); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"resnet8:2", "resnet14:1"} {
		var r result
		line, _ := stdout.ReadBytes('\n')
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Model != name || r.Batch != 2 || r.Threads != 1 || r.OursMS <= 0 || (missing == nil && (r.PeerMS <= 0 || r.Ratio != r.OursMS/r.PeerMS)) {
			t.Errorf("%+v", r)
		}
		if _, err := os.Stat("/proc/self/status"); err == nil && (r.OursPeakMB <= 1 || (missing == nil && r.PeerPeakMB <= 1)) {
			t.Errorf("%+v: no memory", r)
		}
	}
	if missing != nil {
		t.Skip(missing)
	}
}

// TestEach tells a file that trains from one that does not.
func TestEach(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dir := t.TempDir()
	m, err := models.Build("resnet8", models.Options{Width: 0.125})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(filepath.Join(dir, "good.onnx"), onnxio.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.onnx"), []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	if err := run(context.Background(), []string{"-each", dir}, &stdout); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); !strings.Contains(got, "good.onnx: trained\n1 of 2 files trained\n") {
		t.Errorf("got %q", got)
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	var stdout bytes.Buffer
	if err := run(context.Background(), []string{"-profile", "-json", "-batch", "2", "-rounds", "2", "resnet8:2"}, &stdout); err != nil {
		t.Fatal(err)
	}
	var sum spent
	for d := json.NewDecoder(&stdout); d.More(); {
		var s spent
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if s.Operator == "all" {
			if s.Nodes != sum.Nodes || s.Nodes < 50 || s.MS < 0.99*sum.MS || s.MS > 1.01*sum.MS {
				t.Errorf("all is %+v, the sum of the operators %+v", s, sum)
			}
			return
		}
		sum.Nodes += s.Nodes
		sum.MS += s.MS
	}
	t.Error("no line of all operators")
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vgg16", "resnet18", "resnet2", "resnet20:0", "resnet20:", "resnet20:16x"} {
		if _, err := networks([]string{name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
