package term

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestFold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit  int
		header []string
		rows   [][]string
		want   string
	}{
		"fits": {20, []string{"a", "b"}, [][]string{{"x", "yes"}}, "a  b\nx  yes\n"},
		"text of the last column": {
			34,
			[]string{"op", "pruning"},
			[][]string{{"Conv", "yes"}, {"Shape", "no: it gives the extents of its input"}},
			"op     pruning\n" +
				"Conv   yes\n" +
				"Shape  no: it gives the extents of\n" +
				"       its input\n",
		},
		"blocks": {
			24,
			[]string{"model", "parameters", "MACs", ""},
			[][]string{{"dense", "855,578", "125.75 M", "1.00×"}, {"selector", "215,186", "31.55 M"}},
			"model       dense\n" +
				"parameters  855,578\n" +
				"MACs        125.75 M\n" +
				"            1.00×\n" +
				"\n" +
				"model       selector\n" +
				"parameters  215,186\n" +
				"MACs        31.55 M\n",
		},
		"names and values": {
			30,
			nil,
			[][]string{{"file", "/a/path/without/any/space/at/all.onnx"}, {"opset", "17"}},
			"file  /a/path/without/any/spac\n      e/at/all.onnx\nopset  17\n",
		},
		"a name as long as the line": {
			10,
			[]string{"a name of some length", "n"},
			[][]string{{"many words in it", "3"}},
			"a name of\nsome\nlength\n  many\n  words in\n  it\nn\n  3\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := tableWithin(&out, test.limit, test.header, test.rows, nil); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestFoldKeepsWithin folds tables of many forms to many widths: no line is
// wider, and no word is lost.
func TestFoldKeepsWithin(t *testing.T) {
	t.Parallel()
	header := []string{"group", "channels", "one: parameters", "weight axes"}
	rows := [][]string{
		{"0", "16", "1,234,567", "layer1.0.conv1.weight:0 layer1.0.bn1.weight:0 and 7 more"},
		{"猫猫猫猫", "", "–", strings.Repeat("w", 130)},
		{"2"},
	}
	for limit := 4; limit < 200; limit++ {
		for _, head := range [][]string{nil, header} {
			var out bytes.Buffer
			if err := tableWithin(&out, limit, head, rows, nil); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > limit {
					t.Errorf("limit %d: a line of %d: %q", limit, n, line)
				}
			}
			squeezed := strings.Join(strings.Fields(out.String()), "")
			for _, row := range rows {
				for _, cell := range row {
					if !strings.Contains(squeezed, strings.Join(strings.Fields(cell), "")) {
						t.Errorf("limit %d: %q is lost in\n%s", limit, cell, out.String())
					}
				}
			}
		}
	}
}
