// How a convolution reads: the planes of a tensor as they lie in scratch
// memory, and the positions at which a sum over them is taken.
//
// A plane is laid out so that every tap of a kernel, at every position, is one
// offset away: the input is split by the stride's phases, rows keep one pitch,
// and padding is zeros between them, which the end of a row and the beginning
// of the next share. Where rows are shorter than a register, several images lie
// interleaved, position by position.
//
// All extents are of three axes; those that a tensor of a lower rank lacks are
// leading ones.
#ifndef PF_CONV_LATTICE_H
#define PF_CONV_LATTICE_H

#include <stddef.h>
#include <stdint.h>

// pf_source is the layout of one channel. Cell j of phase f along an axis
// holds position value(f) + step·j − begin of the tensor, or zero where there
// is none.
typedef struct pf_source {
	int64_t in[3];     // extents of the tensor
	int64_t step[3];   // stride
	int64_t begin[3];  // padding before
	int64_t extent[3]; // cells that are read
	int64_t most[3];   // positions of the longest lattice
	int64_t phases[3]; // phase f is of the taps f, f + phases, …; its value is f·dilation mod step
	int64_t dilation[3];
	int64_t images; // interleaved: 1, 2, 4, …, at most a register's lanes
	int64_t pitch[3], phase_size;
	int64_t size; // floats of all phases of a channel
	int direct;   // the tensor's own plane has this layout
} pf_source;

// pf_source_fix works out the layout once all above images is set, for
// registers of so many lanes.
void pf_source_fix(pf_source *s, int64_t images, int64_t lanes);

// pf_source_tap is the offset of the cell that tap t reads from the first.
int64_t pf_source_tap(const pf_source *s, const int64_t tap[3]);

// pf_source_valid is the range of cells along an axis that hold values.
void pf_source_valid(const pf_source *s, int axis, int64_t phase, int64_t *from, int64_t *to);

// pf_piece says that a run of packed values belongs at positions of a plane.
typedef struct pf_piece {
	int32_t packed, position, length;
} pf_piece;

// pf_lattice is a grid of positions, covered by registers: each begins at the
// first position that no earlier one covers. Lanes that fall between rows
// compute what nobody reads. Packed is the form with the registers one behind
// the other.
typedef struct pf_lattice {
	int64_t count[3];  // positions
	int64_t origin[3]; // cell of the source that the first position is at
	int64_t plane[3];  // extents of the tensor the positions are of
	int64_t first[3];  // its position that the first one is,
	int64_t step[3];   // and how far the next is
	size_t vectors, pieces;
	int32_t *start;  // where each register begins in the source
	pf_piece *piece; // from packed to the plane
	int dense;       // packed is the plane
} pf_lattice;

// pf_lattice_count sets vectors and pieces; pf_lattice_fill the tables, which
// have room for them by then.
void pf_lattice_count(pf_lattice *l, const pf_source *s, int64_t lanes);
void pf_lattice_fill(pf_lattice *l, const pf_source *s, int64_t lanes);

#endif
