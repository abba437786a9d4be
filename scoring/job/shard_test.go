package job

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseShard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, env, want string }{
		{"", "", "0/0"},
		{"1/4", "", "1/4"},
		{"4/4", "", "4/4"},
		{"0/4", "", "the first is 1 and the last 4"},
		{"5/4", "", "the first is 1 and the last 4"},
		{"1/0", "", "shard 1 of 0"},
		{"3", "", "want I/N, auto or auto/N"},
		{"a/b", "", "want I/N, auto or auto/N"},
		{"auto", "", "JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX is set"},
		{"auto", "JOB_COMPLETION_INDEX=3", "Kubernetes does not say how many"},
		{"auto/8", "JOB_COMPLETION_INDEX=0", "1/8"},
		{"auto/8", "JOB_COMPLETION_INDEX=7", "8/8"},
		{"auto/8", "JOB_COMPLETION_INDEX=8", "shard 9 of 8"},
		{"auto", "SLURM_ARRAY_TASK_ID=10 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=5", "1/3"},
		{"auto", "SLURM_ARRAY_TASK_ID=20 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=5", "3/3"},
		{"auto", "SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=3", "shard 9 of 3"},
		{"auto", "SLURM_ARRAY_TASK_ID=12 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=5", "is not a task from 10 by 5"},
		{"auto", "AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=2", "2/2"},
		{"auto/3", "AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=2", "AWS Batch runs 2 tasks, not 3"},
		{"auto/2", "AWS_BATCH_JOB_ARRAY_INDEX=x", "AWS_BATCH_JOB_ARRAY_INDEX is \"x\", not a number"},
	} {
		env := map[string]string{}
		for _, assignment := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(assignment, "=")
			env[name] = value
		}
		s, err := ParseShard(c.text, func(name string) string { return env[name] })
		got := fmt.Sprintf("%d/%d", s.I, s.N)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%q with %q: %s, want %s", c.text, c.env, got, c.want)
		}
	}
}
