//go:build !linux

package main

import "errors"

func canMount() bool { return false }

func mountTmpfs(string, string) (func() error, error) {
	return nil, errors.New("mounting a tmpfs is for Linux")
}
