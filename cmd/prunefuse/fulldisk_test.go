package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/rundir"
)

// An event that finds the disk full leaves the log as it was before.
func TestEventOnFullDisk(t *testing.T) {
	t.Parallel()
	if !canMount() {
		t.Skip("no disk to fill")
	}
	disk := t.TempDir()
	unmount, err := mountTmpfs(disk, "64k")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	}()
	info := rundir.Info{Config: map[string]int{}}
	run := filepath.Join(disk, "run")
	d, err := rundir.Open(run, info, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	event, err := json.Marshal(strings.Repeat("x", 3000))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = d.Append(rundir.Line{Event: event})
	}
	if !strings.Contains(err.Error(), "no space left on device") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	kept := len(d.Lines())
	log, readErr := os.ReadFile(filepath.Join(run, "events.jsonl"))
	if readErr != nil || strings.Count(string(log), "\n") != kept || !strings.HasSuffix(string(log), "\n") {
		t.Errorf("%d events are kept, and the log has %d bytes with %d lines", kept, len(log), strings.Count(string(log), "\n"))
	}
	if err := d.Append(rundir.Line{Event: json.RawMessage("1")}); err != nil {
		t.Errorf("an event that there is room for: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = rundir.Open(run, info, rundir.Options{}); err != nil || len(d.Lines()) != kept+1 {
		t.Fatalf("opened again: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
