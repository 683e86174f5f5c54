package query

import "slices"

// API is what a service's generated package states about it.
type API struct {
	Name      string // the service part of the credential scope: sts, iam
	Version   string // the form's Version: 2011-06-15, 2010-05-08
	Namespace string // xmlns of every answer
	Echo      bool   // validation texts repeat the refused value
	Ops       []Op   // sorted by Name

	// New gives pointers to an empty input and output of the operation; nils for
	// one that does not exist. Nil itself: Handle does not check its types.
	New func(op string) (in, out any)
}

// Op is an operation of a service, by the form's Action.
type Op struct {
	Name     string
	Unsigned bool   // may be called without a signature
	ReadOnly bool   // changes nothing and issues nothing
	Response string // root element of the answer
	Result   string // element in it that wraps the output; empty: only ResponseMetadata
	Page     *Page  // nil: not paged
	Errors   []string
}

// Page names the members that a paged operation is paged by.
type Page struct {
	In, Out, Limit, More string
	Items                []string
}

// Op finds an operation by its case-sensitive name.
func (a *API) Op(name string) *Op {
	i, ok := slices.BinarySearchFunc(a.Ops, name, func(o Op, n string) int {
		switch {
		case o.Name < n:
			return -1
		case o.Name > n:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &a.Ops[i]
}
