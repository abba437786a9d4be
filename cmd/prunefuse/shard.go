package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/scoring"
)

// shardMark stands for the number of the shard in the names of its files.
const shardMark = "{shard}"

// shardOption is part i of n of a pool; n is 0 for all of it.
type shardOption struct{ i, n int }

// parseShard reads "I/N", or takes what the scheduler says for "auto" and
// "auto/N".
func parseShard(text string, getenv func(string) string) (shardOption, error) {
	if text == "" {
		return shardOption{}, nil
	}
	which, of, counted := strings.Cut(text, "/")
	var s shardOption
	var err error
	if counted {
		if s.n, err = strconv.Atoi(of); err != nil {
			return s, fmt.Errorf("%q: want I/N, auto or auto/N", text)
		}
	}
	if which == "auto" {
		return scheduled(s.n, getenv)
	}
	if s.i, err = strconv.Atoi(which); err != nil || !counted {
		return s, fmt.Errorf("%q: want I/N, auto or auto/N", text)
	}
	return s, s.check()
}

func (s shardOption) check() error {
	if s.i < 1 || s.i > s.n {
		return fmt.Errorf("shard %d of %d: the first is 1 and the last %d", s.i, s.n, s.n)
	}
	return nil
}

// schedulers are the variables in which schedulers say which task of how many
// this is. Tasks are counted from first, by steps of step, or from 0 by 1.
var schedulers = []struct{ name, index, count, first, step string }{
	{"Kubernetes", "JOB_COMPLETION_INDEX", "", "", ""},
	{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"},
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", "", ""},
}

// scheduled is the shard of this task; n is what the command line says, 0 for
// nothing.
func scheduled(n int, getenv func(string) string) (shardOption, error) {
	var names []string
	for _, sch := range schedulers {
		names = append(names, sch.index)
		if getenv(sch.index) == "" {
			continue
		}
		number := func(variable string, otherwise int) (v int, err error) {
			text := getenv(variable)
			if variable == "" || text == "" {
				return otherwise, nil
			}
			if v, err = strconv.Atoi(text); err != nil {
				err = fmt.Errorf("%s is %q, not a number", variable, text)
			}
			return v, err
		}
		index, err := number(sch.index, 0)
		count, err2 := number(sch.count, n)
		first, err3 := number(sch.first, 0)
		step, err4 := number(sch.step, 1)
		switch err := errors.Join(err, err2, err3, err4); {
		case err != nil:
			return shardOption{}, err
		case count == 0:
			return shardOption{}, fmt.Errorf("%s does not say how many shards there are: use auto/N", sch.name)
		case n != 0 && count != n:
			return shardOption{}, fmt.Errorf("%s runs %d tasks, not %d", sch.name, count, n)
		case step < 1 || (index-first)%step != 0:
			return shardOption{}, fmt.Errorf("%s %d is not a task from %d by %d", sch.index, index, first, step)
		}
		s := shardOption{(index-first)/step + 1, count}
		if err := s.check(); err != nil {
			return s, fmt.Errorf("%s %d of an array from %d: %w", sch.index, index, first, err)
		}
		return s, nil
	}
	return shardOption{}, fmt.Errorf("auto: none of %s is set; name the shard as I/N", strings.Join(names, ", "))
}

// in is the range of a pool that the shard has.
func (s shardOption) in(pool int) (first, end int) {
	if s.n == 0 {
		return 0, pool
	}
	return scoring.Shard(pool, s.i, s.n)
}

// path puts the number of the shard into a file's name.
func (s shardOption) path(name string) string {
	if s.n == 0 {
		return name
	}
	return strings.ReplaceAll(name, shardMark, strconv.Itoa(s.i))
}
