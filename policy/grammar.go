package policy

import "slices"

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// readDocument checks the structure: which elements there are and of which JSON
// types. Everything here is a syntax error to AWS.
//
// Source: IAM User Guide, reference_policies_grammar.
func (d *document) readDocument() error {
	if d.root.kind != objectNode {
		return d.syntax(&d.root, "a policy is a JSON object, not %v", d.root.kind)
	}
	var statements *node
	for i := range d.root.members {
		m := &d.root.members[i]
		switch m.name {
		case "Version":
			if m.value.kind != stringNode || m.value.text != version2008 && m.value.text != version2012 {
				return d.syntax(&m.value, "Version is 2012-10-17 or 2008-10-17")
			}
			d.version = m.value.text
		case "Id":
			if m.value.kind != stringNode {
				return d.syntax(&m.value, "Id is a string, not %v", m.value.kind)
			}
		case "Statement":
			statements = &m.value
		default:
			return d.fault(msgSyntax, m.start, "a policy has no element %q", m.name)
		}
	}
	if statements == nil {
		return d.syntax(&d.root, "the policy has no Statement")
	}
	return d.readStatements(statements)
}

func (d *document) readStatements(n *node) error {
	list := n.items
	switch {
	case n.kind == objectNode:
		list = []node{*n}
	case n.kind != arrayNode:
		return d.syntax(n, "Statement is an object or an array of objects, not %v", n.kind)
	case len(list) == 0:
		return d.syntax(n, "the policy has no statement")
	}
	d.statements = make([]source, len(list))
	for i := range list {
		if err := d.readStatement(&list[i], &d.statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) readStatement(n *node, s *source) error {
	if n.kind != objectNode {
		return d.syntax(n, "a statement is an object, not %v", n.kind)
	}
	s.node = *n
	for i := range n.members {
		place := s.place(n.members[i].name)
		if place == nil {
			return d.fault(msgSyntax, n.members[i].start, "a statement has no element %q", n.members[i].name)
		}
		*place = &n.members[i].value
	}
	for _, pair := range [...]struct {
		a, b *node
		name string
	}{{s.action, s.notAction, "Action"}, {s.resource, s.notResource, "Resource"}, {s.principal, s.notPrincipal, "Principal"}} {
		if pair.a != nil && pair.b != nil {
			return d.syntax(pair.b, "a statement has %s or Not%s, not both", pair.name, pair.name)
		}
	}
	return d.readElements(s)
}

// place is where the element of that name belongs; nil if there is none such.
func (s *source) place(name string) **node {
	switch name {
	case "Sid":
		return &s.sid
	case "Effect":
		return &s.effect
	case "Principal":
		return &s.principal
	case "NotPrincipal":
		return &s.notPrincipal
	case "Action":
		return &s.action
	case "NotAction":
		return &s.notAction
	case "Resource":
		return &s.resource
	case "NotResource":
		return &s.notResource
	case "Condition":
		return &s.condition
	}
	return nil
}

func (d *document) readElements(s *source) error {
	switch {
	case s.effect == nil:
		return d.syntax(&s.node, "the statement has no Effect")
	case s.effect.kind != stringNode || !equalFold(s.effect.text, "Allow") && !equalFold(s.effect.text, "Deny"):
		return d.syntax(s.effect, "Effect is Allow or Deny")
	case s.sid != nil && s.sid.kind != stringNode:
		return d.syntax(s.sid, "Sid is a string, not %v", s.sid.kind)
	}
	var err error
	if s.actionValues, err = d.strings(either(s.action, s.notAction), "an action"); err != nil {
		return err
	}
	if s.resourceVal, err = d.strings(either(s.resource, s.notResource), "a resource"); err != nil {
		return err
	}
	if err = d.readPrincipals(s, either(s.principal, s.notPrincipal)); err != nil {
		return err
	}
	return d.readConditions(s)
}

// either is the one of the two that is there.
func either(a, b *node) *node {
	if a != nil {
		return a
	}
	return b
}

// strings reads a string or an array of strings; nil gives none.
func (d *document) strings(n *node, what string) ([]node, error) {
	switch {
	case n == nil:
		return nil, nil
	case n.kind == stringNode:
		return []node{*n}, nil
	case n.kind != arrayNode:
		return nil, d.syntax(n, "%s is a string, or an array of them, not %v", what, n.kind)
	}
	for i := range n.items {
		if n.items[i].kind != stringNode {
			return nil, d.syntax(&n.items[i], "%s is a string, not %v", what, n.items[i].kind)
		}
	}
	return n.items, nil
}

// readPrincipals reads "*" or an object of types.
func (d *document) readPrincipals(s *source, n *node) error {
	switch {
	case n == nil:
		return nil
	case n.kind == stringNode && n.text == "*":
		s.principals = []PrincipalRef{{"AWS", "*", n.start, n.end}}
		return nil
	case n.kind != objectNode:
		return d.syntax(n, `a principal is "*" or an object like {"AWS": …}`)
	}
	for i := range n.members {
		m := &n.members[i]
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, m.name) {
			return d.fault(msgSyntax, m.start, "%q is no type of principal", m.name)
		}
		values, err := d.strings(&m.value, "a principal")
		if err != nil {
			return err
		}
		for _, v := range values {
			s.principals = append(s.principals, PrincipalRef{m.name, v.text, v.start, v.end})
		}
	}
	return nil
}

// readConditions reads {operator: {key: values}}. An operator that does not
// exist passes if nothing stands under it.
func (d *document) readConditions(s *source) error {
	if s.condition == nil {
		return nil
	}
	if s.condition.kind != objectNode {
		return d.syntax(s.condition, "Condition is an object, not %v", s.condition.kind)
	}
	for i := range s.condition.members {
		op := &s.condition.members[i]
		if op.value.kind != objectNode {
			return d.syntax(&op.value, "under an operator stands an object, not %v", op.value.kind)
		}
		known, set, ifExists, ok := parseOperator(op.name)
		if !ok && len(op.value.members) > 0 {
			message := msgSyntax
			if d.kind == Trust {
				message = msgOperator + op.name
			}
			return d.fault(message, op.start, "there is no operator %q", op.name)
		}
		for j := range op.value.members {
			m := &op.value.members[j]
			wanted, err := d.conditionValues(&m.value)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, condition{op: known, set: set, ifExists: ifExists, key: fold(m.name),
				operator: op.name, name: m.name, wanted: wanted, start: m.start, end: m.end})
		}
	}
	return nil
}

// conditionValues reads a string, boolean or number, or an array of them, as
// texts.
func (d *document) conditionValues(n *node) ([]string, error) {
	list := []node{*n}
	if n.kind == arrayNode {
		list = n.items
	}
	texts := make([]string, len(list))
	for i := range list {
		if k := list[i].kind; k != stringNode && k != boolNode && k != numberNode {
			return nil, d.syntax(&list[i], "a condition's value is a string, a boolean or a number, not %v", k)
		}
		texts[i] = list[i].text
	}
	return texts, nil
}
