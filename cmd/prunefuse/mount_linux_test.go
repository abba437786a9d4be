package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// canMount tries it: being root is not enough inside a container.
func canMount() bool {
	dir, err := os.MkdirTemp("", "prunefuse-mount")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	unmount, err := mountTmpfs(dir, "4096")
	return err == nil && unmount() == nil
}

func mountTmpfs(dir, size string) (unmount func() error, err error) {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		return nil, err
	}
	return func() error { return unix.Unmount(dir, 0) }, nil
}
