package acl

import (
	"iter"
	"math/bits"
	"slices"
)

// pages is an array of numbers that is never changed: with returns another one
// which shares all but one page. Its numbers are those of ACLs (or counts of
// documents), which are alike within a page: nearly every page takes one byte a
// number, not four, and a page whose numbers are all the same takes none.
type pages []*pageGroup

const (
	pageBits  = 7
	pageLen   = 1 << pageBits
	groupBits = 7
	groupLen  = 1 << groupBits
)

// pageGroup keeps short what with copies.
type pageGroup [groupLen]page

// page has its numbers in one of four forms:
//   - all are base,
//   - few: all are base but for those in a mask, whose numbers follow it,
//   - codes of one or two bytes (width), a number's distance from base. But the
//     lowest codes stand for themselves: unknown document, nobody and public
//     occur beside numbers of any size; and the highest stand for numbers
//     anywhere, which follow the codes,
//   - wide: as they are.
type page struct {
	base  uint32
	width uint8
	codes string
	wide  *[pageLen]uint32
}

const (
	directCodes = firstACL
	farCodes    = 16

	fewWidth = 3 // as page.width: codes are mask and numbers
	maskSize = pageLen / 8
	maxFew   = (pageLen - maskSize) / 4
)

// farCode is the first code of a width that stands for a number anywhere.
func farCode(width uint8) uint32 { return 1<<(8*width) - farCodes }

var emptyGroup pageGroup

func (p pages) at(i uint32) uint32 {
	g := int(i >> (pageBits + groupBits))
	if g >= len(p) {
		return 0
	}
	pg := &p[g][i>>pageBits%groupLen]
	if pg.width == 1 { // as most pages are
		if code := uint32(pg.codes[i%pageLen]); code-directCodes < 1<<8-farCodes-directCodes {
			return pg.base + code
		}
	}
	return pg.at(i % pageLen)
}

func (pg *page) at(i uint32) uint32 {
	var code uint32
	switch pg.width {
	case 0:
		if pg.wide != nil {
			return pg.wide[i%pageLen]
		}
		return pg.base
	case 1:
		code = uint32(pg.codes[i])
	case 2:
		code = uint32(pg.codes[2*i]) | uint32(pg.codes[2*i+1])<<8
	case fewWidth:
		return pg.few(i)
	}
	switch {
	case code < directCodes:
		return code
	case code >= farCode(pg.width):
		return pg.number(pageLen*uint32(pg.width) + 4*(code-farCode(pg.width)))
	}
	return pg.base + code
}

func (pg *page) few(i uint32) uint32 {
	word, before := pg.mask(i/64), 0
	if word>>(i%64)&1 == 0 {
		return pg.base
	}
	if i >= 64 {
		before = bits.OnesCount64(pg.mask(0))
	}
	before += bits.OnesCount64(word & (1<<(i%64) - 1))
	return pg.number(maskSize + 4*uint32(before))
}

// mask returns a word of the mask of a page of the form few.
func (pg *page) mask(i uint32) uint64 {
	return uint64(pg.number(8*i)) | uint64(pg.number(8*i+4))<<32
}

// number returns the number whose four bytes are at i.
func (pg *page) number(i uint32) uint32 {
	b := pg.codes[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// uniform reports whether all numbers of the page are pg.base.
func (pg *page) uniform() bool { return pg.width == 0 && pg.wide == nil }

// page returns the page that has index i.
func (p pages) page(i uint32) *page {
	return &p[i>>(pageBits+groupBits)][i>>pageBits%groupLen]
}

// len is more than the greatest index that has a number but 0.
func (p pages) len() uint64 { return uint64(len(p)) << (pageBits + groupBits) }

// known yields the pages that have a number but 0, with their indexes.
func (p pages) known() iter.Seq2[uint32, *page] {
	return func(yield func(uint32, *page) bool) {
		for i, group := range p {
			for j := range group {
				if pg := &group[j]; (!pg.uniform() || pg.base != 0) && !yield(uint32(i<<groupBits|j), pg) {
					return
				}
			}
		}
	}
}

// with returns p with the number v at i.
func (p pages) with(i, v uint32) pages {
	p = slices.Clone(p).grow(i)
	group := *p[i>>(pageBits+groupBits)]
	pg := &group[i>>pageBits%groupLen]
	var values [pageLen]uint32
	pg.unpack(&values)
	values[i%pageLen] = v
	*pg = pack(&values)
	p[i>>(pageBits+groupBits)] = &group
	return p
}

// put sets the number v at i in p itself, which nobody else must use yet.
func (p *pages) put(i, v uint32) {
	*p = p.grow(i)
	g := &(*p)[i>>(pageBits+groupBits)]
	if *g == &emptyGroup {
		*g = new(pageGroup)
	}
	pg := &(*g)[i>>pageBits%groupLen]
	if pg.wide == nil {
		pg.wide = new([pageLen]uint32)
	}
	pg.wide[i%pageLen] = v
}

// putPage sets all numbers of the page that has index i, in p itself.
func (p *pages) putPage(i uint32, values *[pageLen]uint32) {
	*p = p.grow(i << pageBits)
	g := &(*p)[i>>groupBits]
	if *g == &emptyGroup {
		*g = new(pageGroup)
	}
	(*g)[i%groupLen] = pack(values)
}

// pack makes the pages small that put has made.
func (p pages) pack() {
	for _, group := range p {
		for i := range group {
			if wide := group[i].wide; wide != nil {
				group[i] = pack(wide)
			}
		}
	}
}

func (p pages) grow(i uint32) pages {
	for i>>(pageBits+groupBits) >= uint32(len(p)) {
		p = append(p, &emptyGroup)
	}
	return p
}

func (pg *page) unpack(values *[pageLen]uint32) {
	for i := range values {
		values[i] = pg.at(uint32(i))
	}
}

// pack returns a page with these numbers, the smallest or nearly so. Codes reach
// from the lowest number up or from the highest down: documents are added with
// ever greater numbers, and single ones of an old page get them later.
func pack(values *[pageLen]uint32) page {
	low, high := ^uint32(0), uint32(directCodes)
	for _, v := range values {
		if v >= directCodes {
			low, high = min(low, v), max(high, v)
		}
	}
	if pg, ok := packFew(values, majority(values)); ok {
		return pg
	}
	for width := uint8(1); width <= 2; width++ {
		for _, base := range []uint32{low - directCodes, high - farCode(width) + 1} {
			if pg, ok := packWidth(values, width, base); ok {
				return pg
			}
		}
	}
	wide := *values
	return page{wide: &wide}
}

// majority returns the number that more than half of values are, if there is one
// (R. S. Boyer and J S. Moore: a fast majority vote algorithm).
func majority(values *[pageLen]uint32) uint32 {
	votes, number := 0, uint32(0)
	for _, v := range values {
		switch {
		case votes == 0:
			votes, number = 1, v
		case v == number:
			votes++
		default:
			votes--
		}
	}
	return number
}

func packFew(values *[pageLen]uint32, base uint32) (pg page, ok bool) {
	var mask [maskSize + 4*maxFew]byte
	tail := mask[:maskSize]
	for i, v := range values {
		if v == base {
			continue
		}
		if len(tail) == len(mask) {
			return page{}, false
		}
		mask[i/8] |= 1 << (i % 8)
		tail = append(tail, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	if len(tail) == maskSize {
		return page{base: base}, true
	}
	return page{base: base, width: fewWidth, codes: string(tail)}, true
}

func packWidth(values *[pageLen]uint32, width uint8, base uint32) (pg page, ok bool) {
	var codes [2*pageLen + 4*farCodes]byte
	far, tail := farCode(width), codes[:pageLen*int(width)]
	for i, v := range values {
		code := v
		if v >= directCodes {
			code = v - base
			if code < directCodes || code >= farCode(width) {
				if code = far; code == 1<<(8*width) {
					return page{}, false
				}
				far++
				tail = append(tail, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
			}
		}
		if width == 1 {
			codes[i] = byte(code)
		} else {
			codes[2*i], codes[2*i+1] = byte(code), byte(code>>8)
		}
	}
	return page{base: base, width: width, codes: string(tail)}, true
}
