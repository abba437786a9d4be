package term

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Count formats n with thousands separated: "215,186".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// MACs formats a number of multiply-accumulates with two decimals and a
// decimal prefix: "31.55 M", "4.12 G". Below 1,000 it is the number itself.
func MACs(n int64) string {
	return scaled(float64(n), 1000, []string{"", "k", "M", "G", "T", "P", "E"}, "%.2f")
}

// Bytes formats a size with one decimal and a binary prefix: "1.2 MiB".
func Bytes(n int64) string {
	return scaled(float64(n), 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}, "%.1f")
}

// scaled writes x in the largest unit that leaves at least 1 after rounding.
func scaled(x, base float64, units []string, format string) string {
	sign := ""
	if x < 0 {
		sign, x = "-", -x
	}
	i := 0
	for i < len(units)-1 && roundAs(x, format, i) >= base {
		x /= base
		i++
	}
	if i == 0 {
		format = "%.0f"
	}
	s := sign + fmt.Sprintf(format, x)
	if units[i] == "" {
		return s
	}
	return s + " " + units[i]
}

// roundAs is x as it would be printed in unit i.
func roundAs(x float64, format string, i int) float64 {
	if i == 0 {
		return x
	}
	r, err := strconv.ParseFloat(fmt.Sprintf(format, x), 64)
	if err != nil {
		panic("BUG: formatted number does not parse: " + err.Error())
	}
	return r
}

// Duration formats d in the units people say: "340 µs", "45 ms", "3.2 s",
// "1 min 12 s", "2 h 05 min".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d/time.Microsecond)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	if tenths := d.Round(time.Second / 10); tenths < time.Minute {
		return fmt.Sprintf("%.1f s", tenths.Seconds())
	}
	if s := d.Round(time.Second); s < time.Hour {
		return fmt.Sprintf("%d min %02d s", s/time.Minute, s%time.Minute/time.Second)
	}
	m := d.Round(time.Minute)
	return fmt.Sprintf("%d h %02d min", m/time.Hour, m%time.Hour/time.Minute)
}

// Seconds formats a duration given in seconds, as [Duration] does.
func Seconds(s float64) string {
	if math.IsNaN(s) || math.Abs(s) > math.MaxInt64/1e9 {
		return "–"
	}
	return Duration(time.Duration(s * 1e9))
}

// Latency formats d to three significant digits: "34.5 µs", "1.23 ms",
// "12.0 s".
func Latency(d time.Duration) string {
	x, unit := d.Seconds()*1e6, "µs"
	for _, next := range []string{"ms", "s"} {
		if math.Abs(x) < 999.5 {
			break
		}
		x, unit = x/1000, next
	}
	return significant(x) + " " + unit
}

// Ratio formats a factor to three significant digits: "0.251×", "3.99×". What
// is not a finite number is a dash.
func Ratio(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return significant(x) + "×"
}

// significant writes three significant digits of what is at least 0.1, and
// never fewer digits than stand before the point.
func significant(x float64) string {
	decimals := 3
	for limit := 0.9995; decimals > 0 && math.Abs(x) >= limit; limit *= 10 {
		decimals--
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// Percent formats a share of 1 with one decimal: "87.1 %". What is not a
// finite number is a dash.
func Percent(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return strconv.FormatFloat(100*x, 'f', 1, 64) + " %"
}
