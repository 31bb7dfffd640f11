package main

import (
	"hash/fnv"
	"math"
	"strings"
	"unicode"
)

// dimensions of a vector.
const dimensions = 256

// unit is what every component of a vector is a whole number of. A product of
// two components is one of unit², and so is each sum that leads to the inner
// product of two vectors of length 1, in whatever order: below 4 in size, it fits
// the 24 bits of a float32. So every engine computes the same, bit by bit, and
// ties are ties everywhere.
const unit = 1.0 / 2048

// embed makes the vector of a text: its words, and the sequences of three letters
// in them, are hashed to a dimension and a sign each (the hashing trick), counted,
// and brought to length 1, but for rounding to unit. It knows no synonyms. A real service asks a model
// here; who may see the result is the same question.
func embed(text string) []float32 {
	var sum [dimensions]float64
	count := func(gram string, weight float64) {
		h := fnv.New64a()
		h.Write([]byte(gram))
		bits := h.Sum64()
		if bits>>63 == 1 {
			weight = -weight
		}
		sum[bits%dimensions] += weight
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) < 3 {
			continue
		}
		count(word, 1)
		letters := []rune("^" + word + "$")
		for i := range len(letters) - 2 {
			count("3:"+string(letters[i:i+3]), 0.3)
		}
	}
	length := 0.0
	for i, v := range sum {
		sum[i] = math.Copysign(math.Sqrt(math.Abs(v)), v) // a word said often counts less than so often
		length += math.Abs(v)
	}
	vector := make([]float32, dimensions)
	for i, v := range sum {
		if length > 0 {
			vector[i] = float32(math.Round(v/math.Sqrt(length)/unit) * unit)
		}
	}
	return vector
}

// similarity is the inner product: the cosine, for vectors of length 1. It is
// exact, see unit.
func similarity(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
