package data

import "fmt"

// Encoded returns the file of sample i as it is kept, in a folder, an archive or a
// table: a JPEG, a PNG. It is nil where the sample is no encoded image. Views, such
// as Subset, are looked through.
func Encoded(s Set, i int) ([]byte, error) {
	for {
		switch v := s.(type) {
		case *imageSet:
			content, err := v.load(i, maxEncoded, nil)
			if err != nil {
				err = fmt.Errorf("read image %s: %w", v.ID(i), err)
			}
			return content, err
		case *subset:
			s, i = v.Set, v.indices[i]
		case *Remainder:
			s, i = v.Set, v.At(i)
		case *relabelled:
			s = v.Set
		case *matched:
			s = v.Set
		case *joined:
			k, at := v.at(i)
			s, i = v.sets[k], at
		default:
			return nil, nil
		}
	}
}
