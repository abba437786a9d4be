// Package guard keeps a library's panic over damaged input from ending the
// program.
package guard

import "fmt"

// Against runs what reads input with a library, and turns a panic over damaged
// input into an error that names what was read: an image, a file.
func Against(what string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the %s is damaged: %v", what, r)
		}
	}()
	return do()
}
