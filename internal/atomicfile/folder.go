package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// CheckFolder is an error where a folder for files to be written is missing or
// is none.
func CheckFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}
