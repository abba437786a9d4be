package loop

import "context"

// drawFirst picks the first labels at random, of all samples.
type drawFirst struct{}

func (drawFirst) Name() string { return batchFolder(first) + "/draw" }

func (drawFirst) Run(_ context.Context, env Env, _ State) (Event, error) {
	c := env.spec.Config
	n := env.pool.Len()
	return env.random(first, draw(c.Seed, streamInitial, n, c.Label.Initial), n)
}
