package job

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ShardMark stands for the number of the shard in the names of its files.
const ShardMark = "{shard}"

// Shard is one of N stretches of a pool that are scored apart, counted from 1. The
// zero value is the pool as one.
type Shard struct{ I, N int }

// ParseShard reads "I/N"; for "auto" and "auto/N" it asks the variables of the
// scheduler.
func ParseShard(text string, getenv func(string) string) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	which, of, counted := strings.Cut(text, "/")
	var s Shard
	var err error
	if counted {
		if s.N, err = strconv.Atoi(of); err != nil {
			return s, fmt.Errorf("%q: want I/N, auto or auto/N", text)
		}
	}
	if which == "auto" {
		return scheduled(s.N, getenv)
	}
	if s.I, err = strconv.Atoi(which); err != nil || !counted {
		return s, fmt.Errorf("%q: want I/N, auto or auto/N", text)
	}
	return s, s.check()
}

func (s Shard) check() error {
	if s.I < 1 || s.I > s.N {
		return fmt.Errorf("shard %d of %d: the first is 1 and the last %d", s.I, s.N, s.N)
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

// scheduled returns the shard of this task; n is what the command line says, 0 for
// nothing.
func scheduled(n int, getenv func(string) string) (Shard, error) {
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
			return Shard{}, err
		case count == 0:
			return Shard{}, fmt.Errorf("%s does not say how many shards there are: use auto/N", sch.name)
		case n != 0 && count != n:
			return Shard{}, fmt.Errorf("%s runs %d tasks, not %d", sch.name, count, n)
		case step < 1 || (index-first)%step != 0:
			return Shard{}, fmt.Errorf("%s %d is not a task from %d by %d", sch.index, index, first, step)
		}
		s := Shard{(index-first)/step + 1, count}
		if err := s.check(); err != nil {
			return s, fmt.Errorf("%s %d of an array from %d: %w", sch.index, index, first, err)
		}
		return s, nil
	}
	return Shard{}, fmt.Errorf("auto: none of %s is set; name the shard as I/N", strings.Join(names, ", "))
}

// Range returns where the samples of the shard lie in a pool: from first on and before
// end. Shards differ by at most one sample in size, and are empty where there are
// more of them than samples.
func (s Shard) Range(pool int) (first, end int) {
	if s.N == 0 {
		return 0, pool
	}
	return pool * (s.I - 1) / s.N, pool * s.I / s.N
}

// Path puts the number of the shard into a file's name.
func (s Shard) Path(name string) string {
	if s.N == 0 {
		return name
	}
	return strings.ReplaceAll(name, ShardMark, strconv.Itoa(s.I))
}
