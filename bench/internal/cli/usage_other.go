//go:build !linux

package cli

import (
	"os"
	"time"
)

// PeakMemory is not known here.
func PeakMemory(*os.ProcessState) int64 { return 0 }

// ProcessorTime is not known here.
func ProcessorTime() time.Duration { return 0 }
