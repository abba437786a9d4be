// Package latency measures how long models take in ONNX Runtime, side by side.
//
// [Compare] runs its candidates in rounds, one run of each a round, in an
// order that turns around with every round. What else the machine does then
// falls on all of them alike, and [RatioOf] compares two candidates round by
// round:
//
//	stats, err := latency.Compare(ctx, []latency.Candidate{
//		{Name: "dense", Path: "dense.onnx"},
//		{Name: "small", Path: "small.onnx"},
//	}, latency.Options{Batch: 32})
//	fmt.Println(stats[0].Median(), stats[1].Median(), latency.RatioOf(stats[0], stats[1]))
//
// A time is that of one [ort.Session.Run] on random inputs, with inputs and
// outputs in memory that is there already. Opening the model is not in it.
//
// Not guaranteed: that times on one machine say anything about another, or
// that rounds are independent, which the interval of a ratio takes for
// granted.
package latency
