package term

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(215186), "215,186"},
		{Count(-1234567), "-1,234,567"},
		{Count(math.MinInt64), "-9,223,372,036,854,775,808"},
		{MACs(940), "940"},
		{MACs(31_550_000), "31.55 M"},
		{MACs(125_747_840), "125.75 M"},
		{MACs(999_999), "1.00 M"},
		{MACs(4_490_000_000_000), "4.49 T"},
		{MACs(math.MaxInt64), "9.22 E"},
		{Bytes(0), "0 B"},
		{Bytes(1023), "1023 B"},
		{Bytes(1024), "1.0 KiB"},
		{Bytes(1_258_291), "1.2 MiB"},
		{Bytes(1<<20 - 1), "1.0 MiB"},
		{Duration(0), "0 µs"},
		{Duration(340 * time.Microsecond), "340 µs"},
		{Duration(45 * time.Millisecond), "45 ms"},
		{Duration(3210 * time.Millisecond), "3.2 s"},
		{Duration(59_960 * time.Millisecond), "1 min 00 s"},
		{Duration(72 * time.Second), "1 min 12 s"},
		{Duration(2*time.Hour + 5*time.Minute), "2 h 05 min"},
		{Duration(-time.Second), "-1.0 s"},
		{Seconds(0.045), "45 ms"},
		{Seconds(math.NaN()), "–"},
		{Seconds(math.Inf(1)), "–"},
		{Latency(0), "0.000 µs"},
		{Latency(34_490), "34.5 µs"},
		{Latency(999_499), "999 µs"},
		{Latency(999_500), "1.00 ms"},
		{Latency(123_456_789), "123 ms"},
		{Latency(12 * time.Second), "12.0 s"},
		{Latency(5000 * time.Second), "5000 s"},
		{Ratio(0.2509), "0.251×"},
		{Ratio(0.9999), "1.00×"},
		{Ratio(3.986), "3.99×"},
		{Ratio(9.999), "10.0×"},
		{Ratio(27.71), "27.7×"},
		{Ratio(1234.5), "1234×"},
		{Ratio(math.Inf(1)), "–"},
		{Percent(0.8714), "87.1 %"},
		{Percent(math.NaN()), "–"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header []string
		rows   [][]string
		align  []Align
		want   string
	}{
		"numbers to the right": {
			header: []string{"model", "parameters", "MACs", "ratio"},
			rows: [][]string{
				{"dense", "855,578", "125.75 M", "–"},
				{"selector", "215,186", "31.55 M", "0.251×"},
			},
			want: "model     parameters      MACs   ratio\n" +
				"dense        855,578  125.75 M       –\n" +
				"selector     215,186   31.55 M  0.251×\n",
		},
		"text that begins like a number is text": {
			header: []string{"kernel", "n"},
			rows:   [][]string{{"3x3", "7"}, {"1x1 conv", "12"}},
			want: "kernel     n\n" +
				"3x3        7\n" +
				"1x1 conv  12\n",
		},
		"forced, ragged, wide characters": {
			rows:  [][]string{{"猫", "1"}, {"cat", "20"}, {"x"}},
			align: []Align{Right, Left},
			want:  " 猫  1\ncat  20\n  x\n",
		},
		"control characters": {
			header: []string{"file"},
			rows:   [][]string{{"a\x1b[2J\nb"}},
			want:   "file\na\ufffd[2J\ufffdb\n",
		},
		"nothing": {},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := Table(&out, test.header, test.rows, test.align); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestTableReportsAFailedWrite(t *testing.T) {
	t.Parallel()
	if err := Table(brokenPipe{}, []string{"a"}, nil, nil); !errors.Is(err, errPipe) {
		t.Errorf("got %v", err)
	}
}
