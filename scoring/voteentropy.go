package scoring

import "math"

var voteEntropy = Measure{
	Name: "vote-entropy", Summary: "the largest entropy of the members' votes",
	Formula: "−Σ (v/T)·ln (v/T), v the votes for a class, in nats", Order: HighestFirst,
	Reference: "Seung et al. 1992; Dagan & Engelson 1995", Source: FromMembers,
	Of: func(r *Row) float64 {
		var h float64
		for _, v := range r.votes() {
			if v > 0 {
				share := float64(v) / float64(len(r.Members))
				h -= share * math.Log(share)
			}
		}
		return max(0, h)
	},
}
