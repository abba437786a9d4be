package loop

import "context"

// drawFirst picks the first labels at random, of all samples.
type drawFirst struct{}

func (drawFirst) Name() string { return batchFolder(first) + "/draw" }

func (drawFirst) Run(ctx context.Context, env Env, _ State) (Event, error) {
	n := env.pool.Len()
	d, err := env.drawReadable(ctx, streamInitial, env.spec.Config.Label.Initial, n, func(i int) int { return i })
	if err != nil {
		return Event{}, err
	}
	return env.random(first, d.drawn, n, len(d.lost))
}
