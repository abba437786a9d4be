package selection

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
	"github.com/prunefuse/prunefuse/scoring"
)

// Every strategy beside its definition written down as plainly as can be:
// all distances, all pairs, nothing left out, float64 throughout. The two
// share the random numbers that belong to a sample, and nothing else.

// reference is a strategy as its paper has it; it returns rows in order.
type reference func(pool, labelled Candidates, k int, seed uint64) []int

var references = map[string]reference{
	"badge":            plainBADGE,
	"cdal":             plainCDAL,
	"k-center":         func(pool, labelled Candidates, k int, _ uint64) []int { return plainCenters(pool, labelled, k) },
	"k-means":          plainMeans("k-means", "margin", 10, false),
	"weighted-k-means": plainMeans("weighted-k-means", "margin", 10, true),
	"clue":             plainMeans("clue", "entropy", math.Inf(1), true),
	"typiclust":        plainTypiClust,
	"probcover":        plainProbCover,
	"cal":              plainCAL,
	"density":          plainDensity,
	"falcun":           plainFALCUN,
	"ccs":              plainCCS,
	"moderate":         plainModerate,
	"softrank":         plainSoftRank,
	"class-balanced":   plainBalanced,
}

func TestStrategiesEqualReference(t *testing.T) {
	t.Parallel()
	for _, s := range whole() {
		plain := references[s.Name]
		if plain == nil {
			t.Errorf("%s has no reference", s.Name)
			continue
		}
		for kind, draw := range poolKinds {
			for round, size := range []struct{ n, dim, classes, labelled, k int }{
				{30, 2, 3, 5, 30}, {60, 4, 5, 1, 20}, {200, 7, 3, 40, 15}, {300, 3, 2, 12, 50}, {150, 16, 10, 0, 12},
			} {
				if size.labelled == 0 && s.Labelled == Required {
					size.labelled = 3
				}
				seed := uint64(100*round + 1)
				pool := candidatesOf(seed, size.n, size.dim, size.classes, draw)
				labelled := Candidates{}
				if s.Labelled != Unused && size.labelled > 0 {
					labelled = candidatesOf(seed+1, size.labelled, size.dim, size.classes, draw)
				}
				if s.Name == "ccs" && size.k > size.n*9/10 {
					size.k = size.n * 9 / 10
				}
				c := choiceFor(s, size.k, seed, labelled)
				if s.Name == "probcover" {
					c.Params = map[string]float64{"delta": referenceDelta}
				}
				got, want := chooseRows(t, pool, c), plain(pool, labelled, size.k, seed)
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d of %s: chose %v, want %v", s.Name, size.n, kind, got, want)
				}
			}
		}
	}
}

// known is a score that the pool has.
func known(pool Candidates, i int, name string) float64 {
	v, _ := pool.Records[i].Scores.Of(name)
	return v
}

// argBest is the index with the largest value, the lowest of a tie, of those
// that are not in but.
func argBest(n int, but []int, value func(int) float64) int {
	out := -1
	var most float64
	for i := range n {
		if slices.Contains(but, i) {
			continue
		}
		if v := value(i); out < 0 || v > most {
			out, most = i, v
		}
	}
	return out
}

func topRows(n, k int, value func(int) float64) []int {
	var out []int
	for len(out) < k {
		out = append(out, argBest(n, out, value))
	}
	return out
}

func floats(row []float32) []float64 {
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = float64(v)
	}
	return out
}

// weightedDraw is the sample with the smallest e/w, the first that is left
// where no weight is above 0.
func weightedDraw(n int, but []int, s seeded.Stream, weight func(int) float64) int {
	return argBest(n, but, func(i int) float64 {
		if w := weight(i); w > 0 {
			return math.Log1p(-s.Uniform(i)) / w
		}
		return math.Inf(-1)
	})
}

func plainBADGE(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	gradient := make([][]float64, n)
	for i := range gradient {
		p := floats(pool.Probabilities.Row(i))
		p[slices.Index(p, slices.Max(p))] = 0
		var sum float64
		for _, v := range p {
			sum += v
		}
		p[slices.Index(floats(pool.Probabilities.Row(i)), slices.Max(floats(pool.Probabilities.Row(i))))] = -sum
		for _, q := range p {
			for _, f := range pool.Features.Row(i) {
				gradient[i] = append(gradient[i], q*float64(f))
			}
		}
	}
	square := func(a, b []float64) (sum float64) {
		for i, v := range a {
			sum += (v - b[i]) * (v - b[i])
		}
		return sum
	}
	zero := make([]float64, len(gradient[0]))
	chosen := []int{argBest(n, nil, func(i int) float64 { return square(gradient[i], zero) })}
	for len(chosen) < k {
		chosen = append(chosen, weightedDraw(n, chosen, seeded.NewStream(seed, "badge").Sub(len(chosen)), func(i int) float64 {
			d := math.Inf(1)
			for _, c := range chosen {
				d = min(d, square(gradient[i], gradient[c]))
			}
			return d
		}))
	}
	return chosen
}

func plainCDAL(pool, labelled Candidates, k int, _ uint64) []int {
	n, classes := len(pool.Records), pool.Probabilities.Dim
	divergence := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += (a[i] - b[i]) * (plainLog(a[i]) - plainLog(b[i]))
		}
		return sum / 2
	}
	row := func(i int) []float64 { return floats(pool.Probabilities.Row(i)) }
	var chosen []int
	if labelled.Probabilities.Len() == 0 {
		mean := make([]float64, classes)
		for i := range n {
			for c, p := range row(i) {
				mean[c] += p
			}
		}
		for c := range mean {
			mean[c] = float64(float32(mean[c] / float64(n)))
		}
		chosen = append(chosen, argBest(n, nil, func(i int) float64 { return -divergence(row(i), mean) }))
	}
	for len(chosen) < k {
		chosen = append(chosen, argBest(n, chosen, func(i int) float64 {
			d := math.Inf(1)
			for j := range labelled.Probabilities.Len() {
				d = min(d, divergence(row(i), floats(labelled.Probabilities.Row(j))))
			}
			for _, c := range chosen {
				d = min(d, divergence(row(i), row(c)))
			}
			return d
		}))
	}
	return chosen
}

// plainLog is rounded to float32, in which a strategy keeps its logarithms: a
// tie of the one is then a tie of the other.
func plainLog(p float64) float64 { return float64(float32(math.Log(max(p, leastProbability)))) }

func plainCenters(pool, labelled Candidates, k int) []int {
	var out []int
	for _, c := range plainKCenter(pool.Features, labelled.Features, k) {
		out = append(out, c.Index)
	}
	return out
}

// plainKMeans is Lloyd's algorithm from a k-means++ start.
func plainKMeans(f Features, weight func(int) float64, k int, s seeded.Stream) (centres Features, of []int) {
	n := f.Len()
	var start []int
	for len(start) < k {
		start = append(start, weightedDraw(n, start, s.Sub(len(start)), func(i int) float64 {
			w := weight(i)
			for j, c := range start {
				if d := weight(i) * distance2(f.Row(i), f.Row(c)); j == 0 || d < w {
					w = d
				}
			}
			return w
		}))
	}
	centres = f.rows(start)
	var variance float64
	for d := range f.Dim {
		var mean, square float64
		for i := range n {
			mean += float64(f.Row(i)[d]) / float64(n)
		}
		for i := range n {
			square += (float64(f.Row(i)[d]) - mean) * (float64(f.Row(i)[d]) - mean) / float64(n)
		}
		variance += square / float64(f.Dim)
	}
	of = make([]int, n)
	for i := range of {
		of[i] = -1
	}
	for range kMeansRounds {
		before := slices.Clone(of)
		for i := range of {
			of[i] = argBest(k, nil, func(c int) float64 { return -distance2(f.Row(i), centres.Row(c)) })
		}
		if slices.Equal(before, of) {
			break
		}
		var moved float64
		for c := range k {
			var total float64
			sum := make([]float64, f.Dim)
			for i := range of {
				if of[i] == c {
					total += weight(i)
					for d, v := range f.Row(i) {
						sum[d] += weight(i) * float64(v)
					}
				}
			}
			if total == 0 {
				continue
			}
			old := slices.Clone(centres.Row(c))
			for d := range sum {
				centres.Row(c)[d] = float32(sum[d] / total)
			}
			moved += distance2(old, centres.Row(c))
		}
		if moved <= kMeansTolerance*variance {
			break
		}
	}
	return centres, of
}

func plainMeans(name, measure string, beta float64, weigh bool) reference {
	return func(pool, _ Candidates, k int, seed uint64) []int {
		n := len(pool.Records)
		uncertain := func(i int) float64 {
			if measure == "margin" {
				return max(0, 1-known(pool, i, "margin"))
			}
			return known(pool, i, "entropy")
		}
		rows := topRows(n, int(min(float64(n), beta*float64(k))), uncertain)
		slices.Sort(rows)
		f := pool.Features.rows(rows)
		weight := func(i int) float64 { return uncertain(rows[i]) }
		if !weigh {
			weight = func(int) float64 { return 1 }
		}
		centres, _ := plainKMeans(f, weight, k, seeded.NewStream(seed, name))
		var chosen, out []int
		for c := range k {
			i := argBest(len(rows), chosen, func(i int) float64 { return -distance2(f.Row(i), centres.Row(c)) })
			chosen = append(chosen, i)
			out = append(out, rows[i])
		}
		return out
	}
}

func plainTypiClust(pool, labelled Candidates, k int, seed uint64) []int {
	n, l := len(pool.Records), labelled.Features.Len()
	all := Features{pool.Features.Dim, slices.Concat(pool.Features.Data, labelled.Features.Data)}
	clusters := min(l+k, 500, n+l)
	_, of := plainKMeans(all, func(int) float64 { return 1 }, clusters, seeded.NewStream(seed, "typiclust"))
	count := func(c int, in []int) (out int) {
		for _, v := range in {
			if v == c {
				out++
			}
		}
		return out
	}
	var order []int
	for c := range clusters {
		if count(c, of[:n]) > 0 {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(count(a, of[n:]), count(b, of[n:])), cmp.Compare(count(b, of), count(a, of)))
	})
	var large, small []int
	room := 0
	for _, c := range order {
		if count(c, of) > 5 {
			large = append(large, c)
			room += count(c, of[:n])
		} else {
			small = append(small, c)
		}
	}
	if room < k {
		large = append(large, small...)
	}
	var chosen []int
	for turn := 0; len(chosen) < k; turn++ {
		var in []int
		for i := range n {
			if of[i] == large[turn%len(large)] && !slices.Contains(chosen, i) {
				in = append(in, i)
			}
		}
		if len(in) == 0 {
			continue
		}
		neighbours := max(1, min(20, len(in)/2))
		at := argBest(len(in), nil, func(a int) float64 {
			var d []float64
			for b := range in {
				if a != b {
					d = append(d, math.Sqrt(distance2(all.Row(in[a]), all.Row(in[b]))))
				}
			}
			slices.Sort(d)
			var mean float64
			for _, v := range d[:min(len(d), neighbours)] {
				mean += v
			}
			return 1 / max(mean/float64(neighbours), leastDistance)
		})
		chosen = append(chosen, in[at])
	}
	return chosen
}

const referenceDelta = 1.5

func plainProbCover(pool, labelled Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	covered := make([]bool, n)
	within := func(a, b []float32) bool { return distance2(a, b) <= referenceDelta*referenceDelta }
	for i := range n {
		for j := range labelled.Features.Len() {
			covered[i] = covered[i] || within(pool.Features.Row(i), labelled.Features.Row(j))
		}
	}
	var chosen []int
	for len(chosen) < k {
		next := argBest(n, chosen, func(i int) (degree float64) {
			for j := range n {
				if !covered[j] && within(pool.Features.Row(i), pool.Features.Row(j)) {
					degree++
				}
			}
			return degree
		})
		chosen = append(chosen, next)
		for j := range n {
			covered[j] = covered[j] || within(pool.Features.Row(next), pool.Features.Row(j))
		}
	}
	return chosen
}

func plainCAL(pool, labelled Candidates, k int, _ uint64) []int {
	return topRows(len(pool.Records), k, func(i int) float64 {
		near := topRows(labelled.Features.Len(), min(10, labelled.Features.Len()), func(j int) float64 {
			return -distance2(pool.Features.Row(i), labelled.Features.Row(j))
		})
		var mean float64
		for _, j := range near {
			p, q := floats(labelled.Probabilities.Row(j)), floats(pool.Probabilities.Row(i))
			var divergence float64
			for c := range p {
				divergence += p[c] * (plainLog(p[c]) - plainLog(q[c]))
			}
			mean += max(0, divergence) / float64(len(near))
		}
		return mean
	})
}

func plainDensity(pool, _ Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	cosine := func(a, b []float32) float64 {
		x, y := floats(a), floats(b)
		var ab, aa, bb float64
		for d := range x {
			ab, aa, bb = ab+x[d]*y[d], aa+x[d]*x[d], bb+y[d]*y[d]
		}
		if aa == 0 || bb == 0 {
			return 0
		}
		return ab / math.Sqrt(aa) / math.Sqrt(bb)
	}
	return topRows(n, k, func(i int) float64 {
		var mean float64
		for j := range n {
			mean += cosine(pool.Features.Row(i), pool.Features.Row(j)) / float64(n)
		}
		return known(pool, i, "entropy") * max(0, mean)
	})
}

func plainFALCUN(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	u := make([]float64, n)
	for i := range u {
		p := floats(pool.Probabilities.Row(i))
		slices.Sort(p)
		u[i] = 1 - (p[len(p)-1] - p[len(p)-2])
	}
	var chosen []int
	for len(chosen) < k {
		distance := slices.Clone(u)
		for i := range distance {
			for _, c := range chosen {
				var sum float64
				for j, v := range pool.Probabilities.Row(i) {
					sum += math.Abs(float64(v) - float64(pool.Probabilities.Row(c)[j]))
				}
				distance[i] = min(distance[i], sum)
			}
		}
		least, most := math.Inf(1), math.Inf(-1)
		for i, d := range distance {
			if !slices.Contains(chosen, i) {
				least, most = min(least, d), max(most, d)
			}
		}
		s := seeded.NewStream(seed, "falcun").Sub(len(chosen))
		chosen = append(chosen, argBest(n, chosen, func(i int) float64 {
			r := u[i]
			if most > least {
				r += (distance[i] - least) / (most - least)
			}
			return 10*math.Log(r) - math.Log(-math.Log1p(-s.Uniform(i)))
		}))
	}
	return chosen
}

func plainCCS(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	hard := func(i int) float64 { return -known(pool, i, "aum") }
	rows := topRows(n, n, hard)[int(0.1*float64(n)):]
	most, least := hard(rows[0]), hard(rows[len(rows)-1])
	strata := make([][]int, 50)
	for _, i := range rows {
		at := min(49, int((most-hard(i))/(most-least)*50))
		strata[at] = append(strata[at], i)
	}
	bySize := make([]int, 50)
	for j := range bySize {
		bySize[j] = j
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return len(strata[a]) - len(strata[b]) })
	quota := map[int]int{}
	rest := k
	for done, j := range bySize {
		quota[j] = min(len(strata[j]), rest/(50-done))
		rest -= quota[j]
	}
	var out []int
	for j, rows := range strata {
		for _, at := range topRows(len(rows), quota[j], func(a int) float64 { return seeded.Uniform(seed, pool.Records[rows[a]].ID) }) {
			out = append(out, rows[at])
		}
	}
	return out
}

func plainModerate(pool, _ Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	distance := make([]float64, n)
	for i := range n {
		var same []int
		for j := range n {
			if *pool.Records[j].Label == *pool.Records[i].Label {
				same = append(same, j)
			}
		}
		var sum float64
		for d, v := range pool.Features.Row(i) {
			var centre float64
			for _, j := range same {
				centre += float64(pool.Features.Row(j)[d])
			}
			centre /= float64(len(same))
			sum += (float64(v) - centre) * (float64(v) - centre)
		}
		distance[i] = math.Sqrt(sum)
	}
	sorted := slices.Clone(distance)
	slices.Sort(sorted)
	median := sorted[n/2]
	if n%2 == 0 {
		median = (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return topRows(n, k, func(i int) float64 { return -math.Abs(distance[i] - median) })
}

func plainSoftRank(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	order := topRows(n, n, func(i int) float64 { return known(pool, i, "entropy") })
	return topRows(n, k, func(i int) float64 {
		rank := float64(slices.Index(order, i) + 1)
		return 1 / rank / -math.Log1p(-seeded.Positive(seed, pool.Records[i].ID))
	})
}

func plainBalanced(pool, _ Candidates, k int, seed uint64) []int {
	var out []int
	for len(out) < k {
		for class := range pool.Probabilities.Dim {
			var left []int
			for i, r := range pool.Records {
				if r.Class == class && !slices.Contains(out, i) {
					left = append(left, i)
				}
			}
			if len(left) > 0 && len(out) < k {
				out = append(out, left[argBest(len(left), nil, func(a int) float64 { return seeded.Uniform(seed, pool.Records[left[a]].ID) })])
			}
		}
	}
	return out
}

// A draw by the smallest e/w has the law that the definitions ask for: the
// first is chosen with probability w/Σw. And a stochastic batch has the law of
// its paper.
func TestDrawsFollowTheirLaw(t *testing.T) {
	t.Parallel()
	weights := []float64{1, 0, 4, 2, 3}
	const rounds = 8000
	check := func(name string, count []int, want func(int) float64) {
		t.Helper()
		for i, c := range count {
			p := want(i)
			if deviation := math.Abs(float64(c) - p*rounds); deviation > 4.5*math.Sqrt(rounds*p*(1-p)) {
				t.Errorf("%s: sample %d was drawn %d times of %d, want about %.0f", name, i, c, rounds, p*rounds)
			}
		}
	}
	count := make([]int, 5)
	for seed := range uint64(rounds) {
		c := newCover(5, newEuclid(Features{1, make([]float32, 5)}, Features{}), 2)
		count[c.draw(context.Background(), seeded.NewStream(seed, "test"), func(i int, _ float64) float64 { return weights[i] }).index]++
	}
	check("draw", count, func(i int) float64 { return weights[i] / 10 })

	records := make([]scoring.Record, 5)
	for i, w := range weights {
		records[i] = scoring.Record{Index: i, ID: fmt.Sprint("r", i), Scores: scoring.ScoresOf(map[string]float64{"entropy": w})}
	}
	laws := map[string]func(w, rank, temperature float64) float64{
		"power":    func(w, _, temperature float64) float64 { return math.Pow(w, 1/temperature) },
		"softmax":  func(w, _, temperature float64) float64 { return math.Exp(w / temperature) },
		"softrank": func(_, rank, temperature float64) float64 { return math.Pow(rank, -1/temperature) },
	}
	ranks := []float64{4, 5, 1, 3, 2}
	for name, law := range laws {
		for _, temperature := range []float64{1, 2} {
			clear(count)
			for seed := range uint64(rounds) {
				c := Choice{Strategy: name, K: 1, Seed: seed, Params: map[string]float64{"temperature": temperature}}
				got, err := Choose(context.Background(), sequence(records), c)
				if err != nil {
					t.Fatal(err)
				}
				count[got[0].Record.Index]++
			}
			var sum float64
			for i, w := range weights {
				sum += law(w, ranks[i], temperature)
			}
			check(fmt.Sprint(name, " at ", temperature), count, func(i int) float64 { return law(weights[i], ranks[i], temperature) / sum })
		}
	}
}

// scikit-activeml#588: the origin stayed a centre, so that short gradients
// were never chosen. Here all gradients but one are near the origin and far
// from the first choice: distances must be those to the first choice alone.
func TestFaultGhostCentre(t *testing.T) {
	t.Parallel()
	pool := candidatesOf(3, 20, 2, 3, (*rand.Rand).NormFloat64)
	pool.Features.Row(7)[0] = 1000
	got, err := pool.Choose(context.Background(), Choice{Strategy: "badge", K: 2})
	if err != nil {
		t.Fatal(err)
	}
	length := got[0].Score
	if got[0].Record.Index != 7 {
		t.Fatalf("the first is sample %d, want the longest gradient, 7", got[0].Record.Index)
	}
	if got[1].Score < length/2 {
		t.Errorf("the second is %g from the first of length %g: measured from the origin", got[1].Score, length)
	}
}

// PatrickZH/DeepCore#29: contrastive means that those come first whose
// prediction is farthest from that of their neighbours, not nearest.
func TestFaultContrastiveOrder(t *testing.T) {
	t.Parallel()
	pool := Candidates{
		Records:       []scoring.Record{{Index: 0, ID: "agrees"}, {Index: 1, ID: "differs"}},
		Features:      Features{1, []float32{0, 0.1}},
		Probabilities: Features{2, []float32{0.9, 0.1, 0.1, 0.9}},
	}
	labelled := Candidates{Features: Features{1, []float32{0.05, 100}}, Probabilities: Features{2, []float32{0.9, 0.1, 0.1, 0.9}}}
	c := Choice{Strategy: "cal", K: 2, Labelled: labelled, Params: map[string]float64{"neighbours": 1}}
	got, err := pool.Choose(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	// KL((0.9, 0.1) ‖ (0.1, 0.9)) = 0.8·ln 9.
	if got[0].Record.ID != "differs" || math.Abs(got[0].Score-0.8*math.Log(9)) > 1e-6 || got[1].Score != 0 {
		t.Errorf("chose %+v", got)
	}
}

// The radius is the largest at which 95 % of the balls are pure.
func TestProbCoverRadius(t *testing.T) {
	t.Parallel()
	pool := candidatesOf(12, 400, 3, 4, poolKinds["clusters"])
	task := &task{pool: pool, Choice: Choice{Strategy: "probcover", Seed: 5}, workers: 2}
	delta, err := pureRadius(context.Background(), task)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[int]bool{}
	for _, r := range pool.Records {
		classes[r.Class] = true
	}
	_, of := plainKMeans(pool.Features, func(int) float64 { return 1 }, len(classes), seeded.NewStream(5, "probcover").Sub(0))
	pure := func(delta float64) (share float64) {
		for i := range of {
			ok := true
			for j := range of {
				ok = ok && (of[i] == of[j] || math.Sqrt(distance2(pool.Features.Row(i), pool.Features.Row(j))) > delta)
			}
			if ok {
				share += 1 / float64(len(of))
			}
		}
		return share
	}
	if a, b := pure(delta), pure(delta*(1+1e-9)); a < 0.95-1e-9 || b >= 0.95-1e-9 {
		t.Errorf("at %g %g of the balls are pure, just above %g", delta, a, b)
	}
}
