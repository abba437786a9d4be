package main

import (
	"errors"
	"strconv"
)

// batchFlag is a number of samples; 0 is auto.
type batchFlag int

func (b *batchFlag) String() string {
	if *b == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*b))
}

// Set implements pflag.Value.
func (b *batchFlag) Set(text string) error {
	if text == "auto" {
		*b = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("want auto, or a number of at least 1")
	}
	*b = batchFlag(n)
	return nil
}

// Type implements pflag.Value.
func (b *batchFlag) Type() string { return "number" }
