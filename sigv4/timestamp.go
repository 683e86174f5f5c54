package sigv4

import (
	"fmt"
	"net/http"
	"time"
)

// basic is the ISO 8601 basic format of X-Amz-Date, always UTC.
const basic = "20060102T150405Z"

// parseBasic reads the basic format. It is stricter and quicker than
// time.Parse: sixteen bytes, no fraction, no leap second.
func parseBasic(s string) (t time.Time, ok bool) {
	if len(s) != len(basic) || s[8] != 'T' || s[15] != 'Z' {
		return t, false
	}
	var digits [15]int
	for i := range digits {
		if i == 8 {
			continue
		}
		if digits[i] = int(s[i]) - '0'; digits[i] < 0 || digits[i] > 9 {
			return t, false
		}
	}
	two := func(i int) int { return digits[i]*10 + digits[i+1] }
	year, month, day := two(0)*100+two(2), two(4), two(6)
	hour, minute, second := two(9), two(11), two(13)
	if hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	// A day that the month does not have, and a month that no year has, move the date.
	return t, t.Month() == time.Month(month)
}

// parseTimestamp reads the time of a request, and gives it in the basic format
// as it enters the string to sign. rfc says that it comes of a Date header,
// which may also be in the format of RFC 9110.
func parseTimestamp(s string, rfc bool) (t time.Time, signed string, err error) {
	if t, ok := parseBasic(s); ok {
		return t, s, nil
	}
	if rfc {
		if t, err := time.Parse(http.TimeFormat, s); err == nil {
			return t, t.Format(basic), nil
		}
	}
	return t, "", incomplete("Date must be in ISO-8601 'basic format'. Got '" + echo(s) + "'. See http://en.wikipedia.org/wiki/ISO_8601")
}

// checkSkew refuses a time further than skew from now, both in whole seconds.
func checkSkew(t, now time.Time, skew time.Duration) error {
	now = now.UTC().Truncate(time.Second)
	switch oldest, newest := now.Add(-skew), now.Add(skew); {
	case t.Before(oldest):
		return mismatch(fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s)",
			t.Format(basic), oldest.Format(basic), now.Format(basic), minutes(skew)))
	case t.After(newest):
		return mismatch(fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s)",
			t.Format(basic), newest.Format(basic), now.Format(basic), minutes(skew)))
	}
	return nil
}

func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d min.", d/time.Minute)
	}
	return d.String()
}
