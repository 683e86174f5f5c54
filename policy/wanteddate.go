package policy

import (
	"strconv"
	"strings"
	"time"
)

// parseWantedInstant reads a date of a policy. AWS takes more there than the
// profiles of parseInstant, and refuses the rest when the policy is made: years
// from -292275054 to 292278993, parts of one digit, a small t and z, a time behind
// a year alone ("01T"), hours alone as zone. They are evaluated as what they say,
// so that a Deny by such a date holds.
//
// Source: recorded replies to CreatePolicy.
func parseWantedInstant(s string) (instant, bool) {
	if at, ok := parseInstant(s); ok {
		return at, true
	}
	date, clock, timed := strings.Cut(strings.ToLower(s), "t")
	if !timed && !strings.Contains(s, "-") {
		return instant{}, false
	}
	day, ok := parseLooseDay(date)
	if !ok || clock == "" {
		return instant{sec: day}, ok
	}
	sec, nsec, ok := parseLooseClock(clock)
	return instant{day + sec, nsec}, ok
}

// parseLooseDay reads [-]year[-month[-day]] as seconds since 1970.
func parseLooseDay(s string) (int64, bool) {
	s, before := strings.CutPrefix(s, "-")
	parts := strings.Split(s, "-")
	if len(parts) > 3 {
		return 0, false
	}
	n := [3]int{0, 1, 1}
	for i, p := range parts {
		most := [3]int{292278993, 12, 31}[i]
		if i == 0 && before {
			most = 292275054
		}
		v, ok := loose(p, most)
		if !ok || i > 0 && v == 0 {
			return 0, false
		}
		n[i] = v
	}
	if before {
		n[0] = -n[0]
	}
	midnight := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC)
	return midnight.Unix(), midnight.Day() == n[2]
}

// parseLooseClock reads hours[:minutes[:seconds[.fraction]]][zone] as seconds
// since midnight UTC.
func parseLooseClock(s string) (sec int64, nsec int32, ok bool) {
	var zone string
	if i := strings.IndexAny(s, "z+-"); i >= 0 {
		s, zone = s[:i], s[i:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, 0, false
	}
	var n [3]int
	for i, p := range parts {
		if i == 2 {
			var fraction string
			var fractional bool
			if p, fraction, fractional = strings.Cut(p, "."); fractional {
				if _, ok := loose(fraction, 999999999); !ok {
					return 0, 0, false
				}
				nsec = nanoseconds(fraction)
			}
		}
		if n[i], ok = loose(p, [3]int{23, 59, 59}[i]); !ok {
			return 0, 0, false
		}
	}
	if len(zone) == len("+hh") {
		zone += "00"
	}
	east, ok := parseZone(strings.ToUpper(zone))
	return int64(n[0]*3600+n[1]*60+n[2]) - east, nsec, ok
}

// loose reads digits of any number as a number up to most.
func loose(digits string, most int) (int, bool) {
	if !allDigits(digits) {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n <= most
}
