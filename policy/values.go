package policy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The values of the typed operators. Each reader is used for both sides, when a
// document is compiled and when a request is decided; none allocates for what it
// accepts.

// number is a decimal of any length: digits without leading zeros before the
// point, without trailing ones behind it.
type number struct {
	negative    bool
	whole, frac string
}

// parseNumber reads an integer or decimal; there are no exponents.
func parseNumber(s string) (n number, ok bool) {
	digits := s
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		n.negative, digits = s[0] == '-', s[1:]
	}
	n.whole, n.frac, _ = strings.Cut(digits, ".")
	if n.whole == "" && n.frac == "" || !allDigits(n.whole) || !allDigits(n.frac) {
		return number{}, false
	}
	n.whole, n.frac = strings.TrimLeft(n.whole, "0"), strings.TrimRight(n.frac, "0")
	if n.whole == "" && n.frac == "" {
		n.negative = false
	}
	return n, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compare is -1, 0 or 1 as a is less than, equal to or greater than b.
func (a number) compare(b number) int {
	if a.negative != b.negative {
		if a.negative {
			return -1
		}
		return 1
	}
	c := len(a.whole) - len(b.whole)
	if c == 0 {
		c = strings.Compare(a.whole, b.whole)
	}
	if c == 0 {
		c = strings.Compare(a.frac, b.frac)
	}
	if a.negative {
		c = -c
	}
	return c
}

// instant is a point of time in UTC.
type instant struct {
	sec  int64
	nsec int32
}

func (a instant) compare(b instant) int {
	if a.sec != b.sec {
		if a.sec < b.sec {
			return -1
		}
		return 1
	}
	return int(a.nsec) - int(b.nsec)
}

// parseInstant reads a date of the W3C's profiles of ISO 8601 (a year, a month, a
// day, or a day with a time to the minute, second or fraction), or the seconds
// since 1970. Four digits are a year. A time without zone is UTC; of a fraction
// nine digits count.
func parseInstant(s string) (instant, bool) {
	if len(s) != 4 && s != "" && allDigits(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{sec: n}, err == nil
	}
	day, clock, timed := strings.Cut(s, "T")
	y, m, d, ok := parseDay(day)
	if !ok || timed && len(day) != len("2006-01-02") {
		return instant{}, false
	}
	midnight := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != d {
		return instant{}, false
	}
	at := instant{sec: midnight.Unix()}
	if !timed {
		return at, true
	}
	sec, nsec, ok := parseClock(clock)
	return instant{at.sec + sec, nsec}, ok
}

// parseDay reads YYYY, YYYY-MM or YYYY-MM-DD.
func parseDay(s string) (y, m, d int, ok bool) {
	m, d = 1, 1
	y, ok = fixed(s, 0, 4, 9999)
	if ok && len(s) > 4 {
		m, ok = fixed(s[4:], '-', 2, 12)
	}
	if ok && len(s) > 7 {
		d, ok = fixed(s[7:], '-', 2, 31)
	}
	return y, m, d, ok && m > 0 && d > 0 && (len(s) == 4 || len(s) == 7 || len(s) == 10)
}

// parseClock reads hh:mm[:ss[.f]][zone] as seconds since midnight UTC.
func parseClock(s string) (sec int64, nsec int32, ok bool) {
	h, ok1 := fixed(s, 0, 2, 23)
	if !ok1 {
		return 0, 0, false
	}
	m, ok2 := fixed(s[2:], ':', 2, 59)
	if !ok2 {
		return 0, 0, false
	}
	sec, s = int64(h*3600+m*60), s[5:]
	if v, ok := fixed(s, ':', 2, 59); ok {
		sec, s = sec+int64(v), s[3:]
		if strings.HasPrefix(s, ".") {
			n := 1
			for n < len(s) && '0' <= s[n] && s[n] <= '9' {
				n++
			}
			if n == 1 {
				return 0, 0, false
			}
			nsec, s = nanoseconds(s[1:n]), s[n:]
		}
	}
	offset, ok := parseZone(s)
	return sec - offset, nsec, ok
}

func nanoseconds(digits string) int32 {
	n := int32(0)
	for i := range 9 {
		n *= 10
		if i < len(digits) {
			n += int32(digits[i] - '0')
		}
	}
	return n
}

// parseZone reads nothing, Z, +hh:mm or +hhmm as seconds east.
func parseZone(s string) (int64, bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok1 := fixed(s[1:], 0, 2, 23)
	if !ok1 {
		return 0, false
	}
	rest := strings.TrimPrefix(s[3:], ":")
	m, ok2 := fixed(rest, 0, 2, 59)
	if !ok2 || len(rest) != 2 {
		return 0, false
	}
	east := int64(h*3600 + m*60)
	if s[0] == '-' {
		east = -east
	}
	return east, true
}

// fixed reads n digits at the beginning of s, behind the byte lead unless that
// is 0; false if they are not there or more than most.
func fixed(s string, lead byte, n, most int) (v int, ok bool) {
	if lead != 0 {
		if s == "" || s[0] != lead {
			return 0, false
		}
		s = s[1:]
	}
	if len(s) < n || !allDigits(s[:n]) {
		return 0, false
	}
	for i := range n {
		v = v*10 + int(s[i]-'0')
	}
	return v, v <= most
}

// parseBool reads true or false in any case.
func parseBool(s string) (value, ok bool) {
	switch {
	case equalFold(s, "true"):
		return true, true
	case equalFold(s, "false"):
		return false, true
	}
	return false, false
}

// parseBinary gives base-64 text in its one canonical form, without padding.
func parseBinary(s string) (string, bool) {
	s = strings.TrimRight(s, "=")
	_, err := base64.RawStdEncoding.Strict().DecodeString(s)
	return s, err == nil
}

// parseNet reads a network, or an address as the network of that address alone.
func parseNet(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p, err == nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}
