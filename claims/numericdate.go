package claims

import (
	"strconv"
	"strings"
	"time"
)

// maxDate is the last second of the year 9999.
const maxDate = 253402300799

// parseDate returns the moment that a JSON number of seconds since 1970 means
// (NumericDate, RFC 7519, section 2), rounded up to nanoseconds; false when it is
// negative or beyond maxDate. The literal is read digit by digit, since no
// number of Go holds all that JSON can write: 1e9, 1600000000.000000000000001.
//
// A moment t of the clock is whole nanoseconds, so t >= n just when t >= n
// rounded up.
func parseDate(literal string) (time.Time, bool) {
	if sec, ok := seconds(literal); ok {
		return time.Unix(sec, 0).UTC(), true
	}
	unsigned, negative := strings.CutPrefix(literal, "-")
	digits, point := decimal(unsigned)
	switch {
	case digits == "":
		return time.Unix(0, 0).UTC(), true // -0 is 0
	case negative || point > len("253402300799"):
		return time.Time{}, false
	}
	digits = strings.Repeat("0", max(0, min(-point, 10))) + digits // of less than a tenth of a second
	point = max(0, point)
	if point > len(digits) {
		digits += "000000000000"
	}
	sec, fraction := number(digits[:point]), strings.TrimRight(digits[point:], "0")
	nsec := number((fraction + "000000000")[:9])
	if len(fraction) > 9 { // of which the last is not 0
		nsec++
	}
	return time.Unix(sec, nsec).UTC(), sec < maxDate || sec == maxDate && fraction == ""
}

// seconds reads a number of up to 11 digits and nothing else, as issuers write
// dates, without the strings that the general way makes.
func seconds(literal string) (n int64, ok bool) {
	if len(literal) > 11 { // of 12 some are beyond maxDate
		return 0, false
	}
	for i := range len(literal) {
		digit := literal[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = n*10 + int64(digit)
	}
	return n, true
}

// decimal splits the literal of a number that is not negative into its digits
// from the first that is not 0, and the place of the decimal point relative to
// that one: 0.0120e3 is "120", 2. Zero has no digits.
func decimal(literal string) (digits string, point int) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	digits = strings.TrimLeft(all, "0")
	return digits, len(whole) - (len(all) - len(digits)) + saturated(exponent)
}

// saturated returns the exponent, or one that is as much out of range with any
// mantissa that fits into a token.
func saturated(exponent string) int {
	const far = 1 << 30
	if exponent == "" {
		return 0
	}
	n, _ := strconv.Atoi(exponent) // the largest int, or smallest, for one beyond
	return max(-far, min(n, far))
}

// number reads up to 12 digits; none are 0.
func number(digits string) int64 {
	if digits == "" {
		return 0
	}
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}
