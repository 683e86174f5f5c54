package policy

import (
	"math"
	"testing"
	"time"
)

// TestWantedDates holds the dates that AWS takes and refuses in a policy, and what
// they mean.
func TestWantedDates(t *testing.T) {
	at := func(y int, m time.Month, d, h int) instant {
		return instant{sec: time.Date(y, m, d, h, 0, 0, 0, time.UTC).Unix()}
	}
	half := func(i instant, nsec int32) instant { i.nsec = nsec; return i }
	for s, want := range map[string]instant{
		"01T":                          at(1, 1, 1, 0),
		"-292275054":                   at(-292275054, 1, 1, 0),
		"292278993-12-31T23":           at(292278993, 12, 31, 23),
		"2016-12-13t2:00:00.593194+23": half(at(2016, 12, 12, 3), 593194000),
		"2016-12-13t2:00:00.5-01:00":   half(at(2016, 12, 13, 3), 500000000),
		"2016-1-3T1Z":                  at(2016, 1, 3, 1),
		"2016-12-13T02:00:00Z":         at(2016, 12, 13, 2),
		"2019":                         at(2019, 1, 1, 0),
		"9223372036854775807":          {sec: math.MaxInt64},
	} {
		if got, ok := parseWantedInstant(s); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"", "-", "t", "T1", "tomorrow", "sdfdsf", "234-13", "2016-0", "2031-02-29", "2016-1-32", "2016-1-1-1", "292278994T", "-292275055", "9223372036854775808",
		"2016-12-13t2:00:00.593194+1", "2016-12-13t2:00:00.1999999999+10:59", "2016-12-13t24", "2016-12-13t2:60", "2016-12-13t2::", "2016-12-13t2:00:00:00",
		"2016-12-13t2:00:00z1", "2016-12-13t2:00:00.z", "+1T", "1_0T",
	} {
		if got, ok := parseWantedInstant(s); ok {
			t.Errorf("%s is accepted as %v", s, got)
		}
	}
}

// TestWantedDatesHold: a Deny by a date that only policies can have is in force.
func TestWantedDatesHold(t *testing.T) {
	p := mustParse(t, stmt(`"Effect":"Deny","Action":"a:b","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"01T"}}`), Managed)
	all := mustParse(t, stmt(`"Effect":"Allow","Action":"*","Resource":"*"`), Managed)
	r := &Request{Principal: &Principal{Type: User}, Action: "a:b", Resource: "*", Context: Map{"aws:currenttime": {"2026-01-01T00:00:00Z"}}}
	if got := (&Set{Identity: []*Policy{p, all}}).Evaluate(r, nil); got.Decision != ExplicitDeny {
		t.Errorf("got %v", got)
	}
}
