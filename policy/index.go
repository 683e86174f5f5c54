package policy

// index finds the statements of a policy that may be about an action, so that
// a decision costs what could match and not what is attached. Statements whose
// actions are all plain names stand in a hash table by those names; the others
// are asked each time. What is about other services, or about resources of
// another name, is left aside as a whole.
type index struct {
	services uint64 // bits of the services that any statement is about
	common   string // what every resource begins with that any statement is about
	slots    []slot // length a power of two
	lists    []int32
	wild     []int32 // statements with a wildcard or NotAction, ascending
}

type slot struct {
	name    string // "" is free
	hash    uint32
	from, n int32 // lists[from:from+n], ascending
}

func buildIndex(ss []statement) index {
	var x index
	byName := map[string][]int32{}
	var names []string
	for i := range ss {
		if !ss[i].plain() {
			x.wild = append(x.wild, int32(i))
			x.services |= ss[i].services()
			continue
		}
		for j := range ss[i].actions {
			if ss[i].actions[j].form == noAction {
				continue
			}
			name := ss[i].actions[j].pattern.lit
			list := byName[name]
			if len(list) == 0 {
				names = append(names, name)
			}
			if len(list) == 0 || list[len(list)-1] != int32(i) {
				byName[name] = append(list, int32(i))
			}
		}
	}
	size := 1
	for size < 2*len(names) {
		size *= 2
	}
	x.slots = make([]slot, size)
	for _, name := range names {
		x.insert(name, byName[name])
	}
	x.common = commonResource(ss)
	return x
}

// commonResource is the longest text with which the resource patterns of all
// statements begin, "" if a statement is not about named resources.
func commonResource(ss []statement) string {
	var all []pattern
	for i := range ss {
		if !ss[i].hasResource || ss[i].notResource {
			return ""
		}
		all = append(all, ss[i].resources...)
	}
	return commonLiteral(all)
}

// concerns tells whether any statement may be about the resource of the request.
func (x *index) concerns(resource string) bool { return begins(resource, x.common) }

func (x *index) insert(name string, list []int32) {
	hash, service := hashAction(name)
	x.services |= service
	mask := uint32(len(x.slots) - 1)
	i := hash & mask
	for x.slots[i].name != "" {
		i = (i + 1) & mask
	}
	x.slots[i] = slot{name, hash, int32(len(x.lists)), int32(len(list))}
	x.lists = append(x.lists, list...)
}

// find gives the statements that name the action.
func (x *index) find(name string, hash uint32) []int32 {
	mask := uint32(len(x.slots) - 1)
	for i := hash & mask; x.slots[i].name != ""; i = (i + 1) & mask {
		if s := &x.slots[i]; s.hash == hash && s.name == name {
			return x.lists[s.from : s.from+s.n]
		}
	}
	return nil
}

// plain tells whether all actions are names without wildcards.
func (s *statement) plain() bool {
	for i := range s.actions {
		if s.actions[i].form == someActions || s.actions[i].form == allActions {
			return false
		}
	}
	return !s.notAction
}

// services is the set of services that the statement may be about.
func (s *statement) services() (bits uint64) {
	for i := range s.actions {
		service := s.actions[i].service()
		if service == "" {
			return ^uint64(0)
		}
		_, bit := hashAction(service + ":")
		bits |= bit
	}
	if s.notAction {
		return ^uint64(0)
	}
	return bits
}
