// Package loop runs the method as a log of events.
//
// An [Arm] is one way to choose and to train: the method, or what it is
// compared with. Its [Spec] lists its steps in order, its [State] is what the
// events so far add up to, and [Next] says which step comes now. The [Engine]
// locks the run folder, folds the log, and then over and over asks Next, runs
// the [Step] and appends its [Event]:
//
//	for step, more := Next(spec, state); more; step, more = Next(spec, state) {
//		event, err := step.Run(ctx, env, state)
//		append(event)
//		state = state.Apply(event)
//	}
//
// What a step leaves are files of the run folder, which its event names with
// their SHA-256. A step that was interrupted resumes inside: a training from
// its checkpoint, a pass over the pool from its journal.
//
// Labels come from an [Oracle]. That of a simulation knows them all; one with
// people behind it answers [ErrPending] until they have labelled, and the run
// is gone on with then.
//
// What holds: the same configuration, seed, threads and answers give the same
// events, envelopes apart, and the same models and selections byte for byte,
// also after any number of kills. Memory does not grow with the pool, but for
// strategies that look at it as a whole, and for labels and lists of files that
// its source holds. What is not guaranteed: the same bits on another processor
// or with another ONNX Runtime; and the labels of a run whose Oracle answers
// differently the second time.
//
// Source: Kousar, Bhatti, Moon, "PruneFuse: Efficient Data Selection via Weight
// Pruning and Network Fusion", TMLR 2026.
package loop
