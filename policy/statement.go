package policy

// statement is a compiled statement. It matches when all its elements do.
type statement struct {
	deny           bool
	notAction      bool
	notResource    bool
	notPrincipal   bool
	hasResource    bool // has Resource or NotResource
	hasPrincipal   bool // has Principal or NotPrincipal
	actions        []action
	common         string // what every resource pattern begins with
	resources      []pattern
	conditions     []condition
	principals     []principal
	sid            string
	start, end     int
	actionTexts    []string
	resourceTexts  []string
	principalsFrom int // its principals in the policy's list of references
}

// element is a part of a statement, named when it does not match.
type element uint8

const (
	none element = iota
	principalElement
	actionElement
	resourceElement
	conditionElement
)

// matchAction tells whether the statement is about the action.
func (s *statement) matchAction(name string) bool {
	for i := range s.actions {
		if s.actions[i].match(name) {
			return !s.notAction
		}
	}
	return s.notAction
}

// matchResource tells whether the statement is about the resource of the
// request. Without the element it is about whatever the policy is attached to.
func (s *statement) matchResource(ev *evaluation, layer Layer) bool {
	if !s.hasResource {
		return layer == LayerResource || layer == LayerTrust
	}
	r := ev.resource
	if !begins(r, s.common) {
		return s.notResource
	}
	for i := range s.resources {
		p := &s.resources[i]
		// "*" asked for is not a name: only "*" covers it.
		if r == "*" && !p.matchAll() {
			continue
		}
		if p.match(ev, r) {
			return !s.notResource
		}
	}
	return s.notResource
}

// matchPrincipal tells how the statement names the caller.
func (s *statement) matchPrincipal(ev *evaluation, layer Layer) grant {
	if !s.hasPrincipal {
		return directIf(layer != LayerResource && layer != LayerTrust)
	}
	if layer != LayerResource && layer != LayerTrust && layer != LayerRCP {
		return directly
	}
	best := notNamed
	for i := range s.principals {
		best = max(best, s.principals[i].names(ev.principal))
	}
	if !s.notPrincipal {
		return best
	}
	// NotPrincipal exists for Deny alone. It spares whom it names in any way, but
	// nobody with a permissions boundary.
	return directIf(s.deny && (best == notNamed || ev.bounded))
}

// begins is strings.HasPrefix; it looks at the last byte first, for names are
// alike at their beginning.
func begins(s, with string) bool {
	n := len(with)
	return n == 0 || len(s) >= n && s[n-1] == with[n-1] && s[:n] == with
}

// commonLiteral is the longest text with which all patterns begin.
func commonLiteral(ps []pattern) string {
	if len(ps) == 0 {
		return ""
	}
	common := ps[0].lit
	for _, p := range ps[1:] {
		n := 0
		for n < len(common) && n < len(p.lit) && common[n] == p.lit[n] {
			n++
		}
		common = common[:n]
	}
	return common
}
