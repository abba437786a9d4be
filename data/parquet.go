package data

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/guard"
	"github.com/prunefuse/prunefuse/internal/parquetfile"
)

// parquetImages is the source of the images in a column of Parquet files, as
// Hugging Face's datasets are kept: a structure whose field bytes is an encoded
// image, or such bytes themselves. Of the files only the footers and the labels
// are held; a sample's ID is its file's name and its row.
type parquetImages struct {
	listing // its IDs only where a column has them
	files   *openFiles
	names   []string // of the files, with a slash
	ends    []int    // of each file, in samples
	values  columnReader
}

// openParquet reads the footers and the labels of files.
func openParquet(paths []string, opts Options) (Set, error) {
	if err := uniqueShards(paths); err != nil {
		return nil, err
	}
	s := &parquetImages{files: newOpenFiles(paths)}
	var labels parquetLabels
	for k, path := range paths {
		if err := guard.Against("Parquet file", func() error { return s.file(k, opts, &labels) }); err != nil {
			if len(paths) > 1 {
				err = fmt.Errorf("%s: %w", path, bare(err, path))
			}
			return nil, errors.Join(err, s.Close())
		}
	}
	var err error
	if s.labels, s.classes, err = labels.settle(s.Len(), opts, s.ID); err == nil && s.ids != nil {
		err = errors.Join(s.ids.checkUnique(), s.ids.checkText())
	}
	var set Set
	if err == nil {
		set, err = asSet(newImageSet(s, opts))
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return set, nil
}

// shardFile is one of many files, which is opened when it is read.
type shardFile struct {
	files *openFiles
	k     int
}

func (f shardFile) ReadAt(b []byte, offset int64) (n int, err error) {
	err = f.files.with(f.k, func(file *os.File) error {
		n, err = file.ReadAt(b, offset)
		return err
	})
	return n, err
}

// file lists the row groups and the labels of file k.
func (s *parquetImages) file(k int, opts Options, labels *parquetLabels) error {
	info, err := os.Stat(s.files.paths[k])
	if err != nil {
		return err
	}
	f, err := parquetfile.Open(shardFile{s.files, k}, info.Size(), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("it is no Parquet file, or cut short before its footer: %w", err)
	}
	image, err := imageColumn(f, opts.PathColumn)
	if err != nil {
		return err
	}
	label, err := scalarColumn(f, opts.LabelColumn, labelColumns)
	if err != nil && opts.LabelColumn != "" {
		return err
	}
	if label != nil {
		labels.names(f, label.Name(), s.Len())
	}
	var id *parquet.Column
	if opts.IDColumn != "" {
		if id, err = scalarColumn(f, opts.IDColumn, nil); err != nil {
			return err
		}
	}
	for _, group := range f.RowGroups() {
		chunks, rows := group.ColumnChunks(), group.NumRows()
		if rows < 0 || rows > 8*info.Size() {
			return fmt.Errorf("a row group claims %d rows", rows)
		}
		s.values.add(chunks[image.Index()], int(rows))
		if err := labels.add(label, chunks, int(rows), s.values.len()); err != nil {
			return err
		}
		if id != nil {
			if err := s.addIDs(chunks[id.Index()]); err != nil {
				return err
			}
		}
	}
	s.names = append(s.names, shardName(s.files.paths[k])+"/")
	s.ends = append(s.ends, s.values.len())
	return nil
}

func (s *parquetImages) addIDs(chunk parquet.ColumnChunk) error {
	if s.ids == nil {
		s.ids = new(names)
	}
	err := eachValue(chunk, func(v parquet.Value) error {
		if v.IsNull() {
			return fmt.Errorf("row %d has no ID", s.ids.len())
		}
		s.ids.add(v.String())
		return nil
	})
	if err == nil && s.ids.len() != s.values.len() {
		err = fmt.Errorf("%d IDs for %d rows", s.ids.len(), s.values.len())
	}
	return err
}

func (s *parquetImages) Len() int { return s.values.len() }

func (s *parquetImages) ID(i int) string {
	if s.ids != nil {
		return s.ids.at(i)
	}
	k := sort.SearchInts(s.ends, i+1)
	if k > 0 {
		i -= s.ends[k-1]
	}
	return s.names[k] + strconv.Itoa(i)
}

func (s *parquetImages) load(i, limit int, buf []byte) (content []byte, err error) {
	err = guard.Against("Parquet file", func() error {
		content, err = s.values.read(i, limit, buf)
		return err
	})
	return content, err
}

func (s *parquetImages) Close() error {
	s.values.close()
	return s.files.Close()
}

// imageColumn finds the bytes of images: of a column of that name, or of the
// first that can be one.
func imageColumn(f *parquet.File, name string) (*parquet.Column, error) {
	var all []string
	for _, column := range f.Root().Columns() {
		all = append(all, column.Name())
		if name != "" && column.Name() != name {
			continue
		}
		if column.Repeated() {
			continue
		}
		if column.Leaf() {
			known := name != "" || slices.Contains([]string{"image", "img", "bytes", "jpg", "jpeg", "png", "webp"}, column.Name())
			if known && column.Type().Kind() == parquet.ByteArray {
				return column, nil
			}
			continue
		}
		if bytes := column.Column("bytes"); bytes != nil && bytes.Leaf() && !bytes.Repeated() && bytes.Type().Kind() == parquet.ByteArray {
			return bytes, nil
		}
	}
	if name == "" {
		return nil, fmt.Errorf("none of its columns (%s) holds images; name the one that does", strings.Join(all, ", "))
	}
	return nil, fmt.Errorf("none of its columns (%s) is named %s and holds images", strings.Join(all, ", "), name)
}

// scalarColumn finds a column that has one value a row by its name, or else the
// first of those known.
func scalarColumn(f *parquet.File, name string, known []string) (*parquet.Column, error) {
	var all []string
	for _, column := range f.Root().Columns() {
		all = append(all, column.Name())
	}
	i, err := column(all, name, known)
	if err != nil {
		return nil, err
	}
	c := f.Root().Columns()[i]
	if !c.Leaf() || c.Repeated() {
		return nil, fmt.Errorf("column %s has more than one value a row", c.Name())
	}
	return c, nil
}

// eachValue goes over the values of a column that has one a row.
func eachValue(chunk parquet.ColumnChunk, use func(parquet.Value) error) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
		err = eachOfPage(page, use)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

// eachOfPage goes over the values of a page, which hold until it is released.
func eachOfPage(page parquet.Page, use func(parquet.Value) error) error {
	values := page.Values()
	var some [64]parquet.Value
	for {
		n, err := values.ReadValues(some[:])
		for _, v := range some[:n] {
			if err := use(v); err != nil {
				return err
			}
		}
		if isEOF(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
