package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		quiet, json bool
		stderr      string
	}{
		{name: "shown", stderr: "3 < 4 & more\nsecond\n"},
		{name: "quiet", quiet: true},
		{name: "json", json: true},
		{name: "quiet json", quiet: true, json: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out, problems bytes.Buffer
			g := &globals{quiet: test.quiet, json: test.json, stdout: &out, stderr: &problems}
			g.note("%d < 4 &\nmore", 3)
			g.note("second")
			g.note("second")
			if err := g.printJSON(struct {
				Schema string `json:"schema"`
			}{"s/1"}); err != nil {
				t.Fatal(err)
			}
			var got struct {
				Schema string   `json:"schema"`
				Notes  []string `json:"notes"`
			}
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v in %s", err, out.String())
			}
			if got.Schema != "s/1" || !slices.Equal(got.Notes, []string{"3 < 4 & more", "second"}) {
				t.Errorf("result %+v", got)
			}
			if strings.Contains(out.String(), `\u00`) {
				t.Errorf("escaped for HTML: %s", out.String())
			}
			if problems.String() != test.stderr {
				t.Errorf("stderr %q, want %q", problems.String(), test.stderr)
			}
		})
	}
}

// TestNotesWithoutResult holds that the notes of a command that prints no
// result as JSON, or fails before it, are not lost.
func TestNotesWithoutResult(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, `{"message_type":"notes","notes":["said"]}` + "\n"},
		{errors.New("no"), `{"message_type":"exit_error","code":1,"message":"no","notes":["said"]}` + "\n"},
	} {
		var problems bytes.Buffer
		g := &globals{json: true, stderr: &problems}
		g.note("said")
		g.exit(test.err)
		if problems.String() != test.want {
			t.Errorf("stderr %q, want %q", problems.String(), test.want)
		}
	}
}
