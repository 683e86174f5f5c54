package lint

import (
	"slices"

	"github.com/deputy-sts/deputy/policy"
)

// document is a policy as lint sees it: read as far as it can be, so that one
// error does not hide the others.
type document struct {
	text       string
	kind       policy.Kind
	own        []string // accounts that are not external
	root       *policy.Node
	version    *policy.Node
	statements []statement
	findings   []Finding
	covered    map[string][]target // by values of Action; of those that can't be said nil
	nowhere    map[string]bool     // condition keys, in lower case, that no service has
}

// statement is one with the elements it has; what has the wrong JSON type is left
// out, for the parser to report.
type statement struct {
	node                                 *policy.Node
	sid                                  *policy.Node
	deny                                 bool
	principal                            *policy.Node // of Principal or NotPrincipal
	action                               *policy.Node // of Action or NotAction
	resource                             *policy.Node // of Resource or NotResource
	notPrincipal, notAction, notResource bool
	principals                           []principal
	actions, resources                   []*policy.Node
	condition                            *policy.Node
	conditions                           []condition
	text                                 string // of content
}

type principal struct {
	typ   string // AWS, Service, Federated, CanonicalUser
	value *policy.Node
}

// condition is one operator and key.
type condition struct {
	op     policy.Operator
	opName string
	key    string // as written
	at     span   // of the key
	value  *policy.Node
	values []*policy.Node // value, or what stands in it
}

func (s *statement) at() span { return of(s.node) }

// unconditional tells whether the statement applies to all requests.
func (s *statement) unconditional() bool { return s.condition == nil || len(s.condition.Members) == 0 }

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	principalTypes    = []string{"AWS", "Service", "Federated", "CanonicalUser"}
)

// read fills in the elements and reports names that are none.
func (d *document) read() {
	for i := range d.root.Members {
		m := &d.root.Members[i]
		switch m.Name {
		case "Version":
			d.version = &m.Value
		case "Statement":
			list := m.Value.Items
			if m.Value.Kind == policy.ObjectNode {
				list = []policy.Node{m.Value}
			}
			for j := range list {
				if list[j].Kind == policy.ObjectNode {
					d.statements = append(d.statements, d.readStatement(&list[j]))
				}
			}
		default:
			d.known(m, documentElements, "a policy has no element "+quote(m.Name))
		}
	}
}

// known reports a name that is none of the list.
func (d *document) known(m *policy.Member, list []string, message string) {
	if !slices.Contains(list, m.Name) && !d.full() {
		d.report("unknown-element", span{m.Start, m.End}, message, didYouMean(m.Name, list))
	}
}

func (d *document) readStatement(n *policy.Node) statement {
	s := statement{node: n}
	for i := range n.Members {
		m := &n.Members[i]
		v := &m.Value
		switch m.Name {
		case "Sid":
			s.sid = v
		case "Effect":
			s.deny = v.Text == "Deny"
		case "Principal", "NotPrincipal":
			s.principal, s.notPrincipal = v, m.Name == "NotPrincipal"
			d.readPrincipals(&s, v)
		case "Action", "NotAction":
			s.action, s.notAction, s.actions = v, m.Name == "NotAction", texts(v)
		case "Resource", "NotResource":
			s.resource, s.notResource, s.resources = v, m.Name == "NotResource", texts(v)
		case "Condition":
			s.condition = v
			d.readConditions(&s, v)
		default:
			d.known(m, statementElements, "a statement has no element "+quote(m.Name))
		}
	}
	return s
}

// texts lists the strings of a value that is one, or an array of them.
func texts(n *policy.Node) (list []*policy.Node) {
	if n.Kind == policy.StringNode {
		return []*policy.Node{n}
	}
	for i := range n.Items {
		if n.Items[i].Kind == policy.StringNode {
			list = append(list, &n.Items[i])
		}
	}
	return list
}

func (d *document) readPrincipals(s *statement, n *policy.Node) {
	if n.Kind == policy.StringNode {
		s.principals = []principal{{"AWS", n}}
	}
	for i := range n.Members {
		m := &n.Members[i]
		d.known(m, principalTypes, quote(m.Name)+" is no type of principal")
		for _, v := range texts(&m.Value) {
			s.principals = append(s.principals, principal{m.Name, v})
		}
	}
}

func (d *document) readConditions(s *statement, n *policy.Node) {
	for i := range n.Members {
		m := &n.Members[i]
		op, ok := policy.ReadOperator(m.Name)
		if !ok && d.full() {
			continue
		}
		if !ok {
			d.report("unknown-operator", span{m.Start, m.End}, "there is no condition operator "+quote(m.Name), nearOperator(m.Name))
			continue
		}
		for j := range m.Value.Members {
			k := &m.Value.Members[j]
			c := condition{op: op, opName: m.Name, key: k.Name, at: span{k.Start, k.End}, value: &k.Value}
			if k.Value.Kind == policy.ArrayNode {
				for v := range k.Value.Items {
					c.values = append(c.values, &k.Value.Items[v])
				}
			} else {
				c.values = []*policy.Node{&k.Value}
			}
			s.conditions = append(s.conditions, c)
		}
	}
}
